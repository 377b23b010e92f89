# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Sourced by scripts/check and scripts/check-long: how results are counted.

# tap_counts FILE STATUS: "PASSED FAILED SKIPPED" of what a test printed before
# it ended with STATUS.  The last line "N passed, N failed, N skipped" counts,
# if there is one; else TAP; else all lines of cmocka; else the status.
tap_counts()
{
	awk -v status="$2" '
		/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ {
			total = $0
			next
		}
		/^(not )?ok/ && /# *(SKIP|skip)/ { skipped++; next }
		/^ok/ { passed++ }
		/^not ok/ { failed++ }
		{ for (i = 2; i <= NF; i++) {
			if ($i ~ /^passed/ && $(i - 1) ~ /^[0-9]+$/)
				summed += $(i - 1)
			if ($i ~ /^failed/ && $(i - 1) ~ /^[0-9]+$/)
				lost += $(i - 1)
		} }
		END {
			if (total != "") {
				split(total, word, " ")
				passed = word[1]
				failed = word[3]
				skipped = word[5]
			} else if (passed + failed + skipped == 0) {
				passed = summed
				failed = lost
			}
			if (status != 0 && failed == 0)
				failed = 1
			if (passed + failed + skipped == 0)
				passed = 1
			print passed + 0, failed + 0, skipped + 0
		}' "$1"
}
