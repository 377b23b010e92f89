# SPDX-License-Identifier: GPL-2.0-only
"""Behind selftests/run.sh: the tests of selftests/tests.ini in the machine."""
