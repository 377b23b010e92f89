#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Run the tests of tests.ini in the test machine; --help says how to choose.
exec "$(dirname "$0")/../scripts/run-selftests" "$@"
