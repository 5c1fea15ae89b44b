# SPDX-License-Identifier: Apache-2.0
"""A conformance suite for verifiers of certificates: wrong certificates with names, and some right ones.

`python -m tests.support.wrong_certificates DIR` writes them all, and
`python -m tests.support.wrong_certificates.run -- COMMAND...` drives a verifier over them.
"""
