# SPDX-License-Identifier: Apache-2.0
"""`keys …`: the keys that sign certificates, and the ring of those that are trusted."""

from pathlib import Path
from typing import Annotated

import typer

from energy_runner.cli.shared_options import JsonOption

RingOption = Annotated[
    Path | None,
    typer.Option(
        "--ring",
        help="Key ring; default: your own, in your configuration folder.",
        metavar="FILE",
        show_default=False,
    ),
]
FromOption = Annotated[
    str | None,
    typer.Option("--valid-from", help="First day of the key, YYYY-MM-DD; default: today.", metavar="DAY"),
]
UntilOption = Annotated[
    str | None,
    typer.Option(
        "--valid-until", help="Last day of the key, YYYY-MM-DD; default: until it is revoked.", metavar="DAY"
    ),
]

keys = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Make keys that sign, and say whose are trusted.\n\n"
    "Example:\n\n"
    "\b\n"
    "  energy-runner keys new lab.key --owner 'Example Laboratory'",
)


@keys.command("new")
def new(
    file: Annotated[Path, typer.Argument(help="New file for the private key.", metavar="FILE")],
    owner: Annotated[
        str, typer.Option("--owner", help="Who signs with it; default: your user name.", metavar="NAME")
    ] = "",
    valid_from: FromOption = None,
    valid_until: UntilOption = None,
    ring: RingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a signing key, and add its public half to the key ring.

    Asks for a passphrase twice; without a terminal it is taken from the variable
    ENERGY_RUNNER_KEY_PASSPHRASE. The file can be read by you alone. Keep a copy
    of it, and give the public key, which is printed, to who gets certificates.

    \b
    Examples:
      energy-runner keys new lab.key
      energy-runner keys new lab.key --owner "Example Laboratory" --valid-until 2030-12-31
    """
    from energy_runner.cli.keys_commands import new_command

    raise typer.Exit(new_command(file, owner, valid_from, valid_until, ring, as_json=as_json))


@keys.command("show")
def show(
    file: Annotated[
        Path | None,
        typer.Argument(help="Key file, private or public; default: all keys of the ring.", metavar="FILE"),
    ] = None,
    ring: RingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show id and public key of a key file, or of every key in the ring.

    \b
    Examples:
      energy-runner keys show lab.key
      energy-runner keys show --ring partners.json
    """
    from energy_runner.cli.keys_commands import show_command

    raise typer.Exit(show_command(file, ring, as_json=as_json))


@keys.command("list")
def list_keys(ring: RingOption = None, as_json: JsonOption = False) -> None:
    """List the keys of the ring.

    Says whose they are, from when to when, and which are revoked.

    \b
    Example:
      energy-runner keys list
    """
    from energy_runner.cli.keys_commands import list_command

    raise typer.Exit(list_command(ring, as_json=as_json))


@keys.command("add")
def add(
    public: Annotated[Path, typer.Argument(help="Public key of somebody else, in PEM.", metavar="FILE")],
    owner: Annotated[str, typer.Option("--owner", help="Whose it is.", metavar="NAME")],
    valid_from: Annotated[
        str | None,
        typer.Option(
            "--valid-from", help="First day of the key, YYYY-MM-DD; default: none, any day.", metavar="DAY"
        ),
    ] = None,
    valid_until: UntilOption = None,
    ring: RingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Trust the key of another laboratory.

    Compare the id that is printed with the one that its owner tells you: from
    then on what this key signs is trusted.

    \b
    Example:
      energy-runner keys add their-lab.pem --owner "Their Laboratory"
    """
    from energy_runner.cli.keys_commands import add_command

    raise typer.Exit(add_command(public, owner, valid_from, valid_until, ring, as_json=as_json))


@keys.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="Id of the key, or its first eight digits.", metavar="KEY-ID")],
    why: Annotated[str, typer.Option("--why", help="For what reason.", metavar="TEXT")],
    on: Annotated[
        str | None,
        typer.Option("--on", help="From which day on, YYYY-MM-DD; default: today.", metavar="DAY"),
    ] = None,
    ring: RingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Do not trust a key any more, from a day on.

    What a time stamp proves to be older stays trusted. It cannot be taken back.

    \b
    Example:
      energy-runner keys revoke 3f9a0c1d --why "the computer was stolen"
    """
    from energy_runner.cli.keys_commands import revoke_command

    raise typer.Exit(revoke_command(key_id, why, on, ring, as_json=as_json))
