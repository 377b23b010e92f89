// SPDX-License-Identifier: GPL-2.0-only
/* A report as tables. */
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "report.h"

#define BAR_WIDTH	40

static double share(u64 part, u64 whole)
{
	return whole ? 100.0 * part / whole : 0;
}

static bool is_recorded(const struct report *r, enum report_event event)
{
	if (r->recorded[event])
		return true;
	printf("  not recorded (%s)\n", report_events[event].name);
	return false;
}

static void print_histogram(const struct histogram *h)
{
	unsigned int first, last, i, width;
	u64 most = 0;

	if (!histogram_range(h, &first, &last))
		return;
	for (i = first; i <= last; i++) {
		if (h->buckets[i] > most)
			most = h->buckets[i];
	}
	printf("  least %llu, mean %llu, most %llu ticks\n", h->min,
	       histogram_mean(h), h->max);
	for (i = first; i <= last; i++) {
		width = h->buckets[i] * BAR_WIDTH / most;
		printf("  %13llu .. %-13llu %10llu%s%.*s\n",
		       histogram_from(i), histogram_to(i), h->buckets[i],
		       width ? " " : "", width,
		       "########################################");
	}
}

static void print_exits(const struct report *r)
{
	u64 count = report_sum(r->exits, LULL_NR_EXIT_REASONS);
	u64 ticks = report_sum(r->exit_ticks, LULL_NR_EXIT_REASONS);
	char buf[EXIT_NAME_MAX];
	unsigned int i;

	printf("Exits and the ticks their handlers took\n");
	if (!is_recorded(r, REPORT_EXIT))
		return;
	printf("  %-22s %12s %8s %16s %8s %11s\n", "reason", "exits", "",
	       "ticks", "", "ticks/exit");
	for (i = 0; i < LULL_NR_EXIT_REASONS; i++) {
		if (!r->exits[i])
			continue;
		printf("  %-22s %12llu %7.2f%% %16llu %7.2f%% %11llu\n",
		       exit_name(i, buf), r->exits[i],
		       share(r->exits[i], count), r->exit_ticks[i],
		       share(r->exit_ticks[i], ticks),
		       r->exit_ticks[i] / r->exits[i]);
	}
	printf("  %-22s %12llu %8s %16llu\n", "total", count, "", ticks);
	printf("  in the guest           %30llu ticks\n", r->guest_ticks);
}

static void merge(struct histogram *all, const struct histogram *part)
{
	unsigned int i;

	if (!part->count)
		return;
	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		all->buckets[i] += part->buckets[i];
	if (!all->count || part->min < all->min)
		all->min = part->min;
	if (part->max > all->max)
		all->max = part->max;
	all->count += part->count;
	all->sum += part->sum;
}

static void print_cr3(const struct report *r)
{
	u64 handlers = report_sum(r->exit_ticks, LULL_NR_EXIT_REASONS);
	struct histogram all = { };
	const struct report_cr3 *cr3;
	unsigned int i;

	printf("\nPage-table switches\n");
	if (!is_recorded(r, REPORT_CR3))
		return;
	printf("  %-8s %12s %16s %11s %16s %12s\n", "root", "switches",
	       "ticks", "mean", "of these sync", "tables");
	for (i = 0; i < REPORT_NR_CR3_KINDS; i++) {
		cr3 = &r->cr3[i];
		printf("  %-8s %12llu %16llu %11llu %16llu %12llu\n",
		       report_cr3_names[i], cr3->ticks.count, cr3->ticks.sum,
		       histogram_mean(&cr3->ticks), cr3->sync_ticks,
		       cr3->pages);
		merge(&all, &cr3->ticks);
	}
	printf("  %-8s %12llu %16llu ", "total", all.count, all.sum);
	if (r->recorded[REPORT_EXIT])
		printf(" %.2f%% of the ticks of all handlers",
		       share(all.sum, handlers));
	printf("\n");
	print_histogram(&all);
}

static void print_idle(const struct report *r)
{
	u64 enters = r->events[REPORT_IDLE_ENTER];
	unsigned int i;

	printf("\nIdle\n");
	if (is_recorded(r, REPORT_IDLE_ENTER))
		printf("  %llu times, %llu announced (%.2f%%)\n", enters,
		       r->idle_announced, share(r->idle_announced, enters));
	if (!is_recorded(r, REPORT_IDLE_LEAVE))
		return;
	printf("  %llu ticks, %llu of them announced (%.2f%%)\n", r->idle.sum,
	       r->idle_announced_ticks,
	       share(r->idle_announced_ticks, r->idle.sum));
	printf("  ended by");
	for (i = 0; i < REPORT_NR_WAKES; i++)
		printf(" %s %llu", report_wake_names[i], r->wakes[i]);
	printf("\n");
	print_histogram(&r->idle);
}

static void print_faults(const struct report *r)
{
	unsigned int i;

	printf("\nPage faults\n");
	if (!is_recorded(r, REPORT_FAULT))
		return;
	for (i = 0; i < REPORT_NR_FAULT_RESULTS; i++)
		printf("  %-10s %12llu %16llu ticks, mean %llu\n",
		       report_fault_names[i], r->faults[i].count,
		       r->faults[i].sum, histogram_mean(&r->faults[i]));
}

static void print_events(const struct report *r)
{
	unsigned int i;

	printf("\nInjections\n");
	if (is_recorded(r, REPORT_INJECT)) {
		for (i = 0; i < REPORT_NR_INJECT_TYPES; i++) {
			if (r->inject_types[i])
				printf("  %-22s %12llu\n",
				       report_inject_names[i],
				       r->inject_types[i]);
		}
		printf("  %-22s %12llu\n", "again", r->reinjected);
	}
	printf("\nHypercalls\n");
	if (is_recorded(r, REPORT_HYPERCALL))
		printf("  %llu, %llu of them failed\n",
		       r->events[REPORT_HYPERCALL], r->hypercall_errors);
	printf("\nShadow tables\n");
	if (is_recorded(r, REPORT_UNSYNC))
		printf("  %llu became unsync\n", r->events[REPORT_UNSYNC]);
	if (is_recorded(r, REPORT_SYNC))
		printf("  %llu synced, %llu entries changed\n",
		       r->events[REPORT_SYNC], r->synced);
	if (is_recorded(r, REPORT_ZAP))
		printf("  %llu zapped\n", r->events[REPORT_ZAP]);
}

static void print_vcpus(const struct report *r)
{
	unsigned int i;

	if (r->nr_vcpus < 2)
		return;
	printf("The numbers are sums of these (--vm N picks one VM):\n");
	for (i = 0; i < r->nr_vcpus; i++)
		printf("  VM %u vCPU %u: %llu exits\n", r->vcpus[i].vm,
		       r->vcpus[i].vcpu, r->vcpus[i].exits);
	printf("\n");
}

/**
 * report_print() - write a report as tables to standard output
 * @r: the report
 */
void report_print(const struct report *r)
{
	print_vcpus(r);
	print_exits(r);
	print_cr3(r);
	print_idle(r);
	print_faults(r);
	print_events(r);
}
