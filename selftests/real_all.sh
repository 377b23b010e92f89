#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# All of real/real.ini in the test machine, and the figures of what ran.
#
# Usage: real_all.sh [OPTION of run.sh...] [NAME...]
folder=$(cd "$(dirname "$0")" && pwd)

"$folder/run.sh" --catalogue "$folder/real/real.ini" "$@"
status=$?
logs=$folder/../out/log/selftests
case " $* " in
*" --debug "*) logs=$logs-debug ;;
esac
sed -n 's/^# figure: /figure: /p' "$logs"/real_*.log
exit $status
