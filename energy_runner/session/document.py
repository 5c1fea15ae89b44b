# SPDX-License-Identifier: Apache-2.0
"""The base of everything in `result.json`."""

from pydantic import BaseModel, ConfigDict

READ = ConfigDict(frozen=True, extra="ignore")


class Model(BaseModel):
    """Frozen, no NaN and no infinity; keys that a later version adds are ignored."""

    model_config = ConfigDict(**READ, allow_inf_nan=False)
