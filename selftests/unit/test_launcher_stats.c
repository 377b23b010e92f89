// SPDX-License-Identifier: GPL-2.0-only
/* Statistics: their names, the file of run --stats, and lull stat. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "launcher/builtin.h"
#include "launcher/names.h"
#include "launcher/stats.h"
#include "launcher/vmstat.h"
#include "launcher_capture.h"

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/lull-unit.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int drop_dir(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void in_dir(char *path, const char *name)
{
	snprintf(path, 160, "%s/%s", dir, name);
}

static void write_text(const char *name, const char *text)
{
	char path[160];
	FILE *file;

	in_dir(path, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static u64 get(struct json_object *obj, const char *a, const char *b)
{
	struct json_object *inner, *value;

	if (!json_object_object_get_ex(obj, a, &inner))
		fail_msg("no %s", a);
	if (!b)
		return json_object_get_uint64(inner);
	if (!json_object_object_get_ex(inner, b, &value))
		fail_msg("no %s in %s", b, a);
	return json_object_get_uint64(value);
}

static void test_names(void **state)
{
	char buf[EXIT_NAME_MAX];
	unsigned int i, j;

	(void)state;
	assert_string_equal(exit_name(0, buf), "exception_nmi");
	assert_string_equal(exit_name(28, buf), "cr_access");
	assert_string_equal(exit_name(35, buf), "reason_35");
	assert_string_equal(exit_name(4000, buf), "reason_4000");
	for (i = 0; i < LULL_NR_TICKS; i++)
		assert_non_null(ticks_names[i]);
	for (i = 0; i < LULL_NR_COUNTERS; i++)
		assert_non_null(counter_names[i]);
	for (i = 0; i < LULL_NR_EXIT_REASONS; i++) {
		for (j = 0; j < i; j++) {
			char other[EXIT_NAME_MAX];

			assert_string_not_equal(exit_name(i, buf),
						exit_name(j, other));
		}
	}
}

static void fill(struct lull_vcpu_stats *stats, u64 base)
{
	memset(stats, 0, sizeof(*stats));
	stats->exits[10] = base + 1;
	stats->exits[77] = base + 2;
	stats->exit_ticks[10] = base + 3;
	stats->ticks[LULL_TICKS_PT_SWITCH] = base + 4;
	stats->counters[LULL_CNT_IDLE_ANNOUNCED] = base + 5;
	stats->preempted = base + 6;
	stats->total = 1ULL << 63;
}

static void check(struct json_object *obj, u64 base)
{
	assert_int_equal(get(obj, "exits", "cpuid"), base + 1);
	assert_int_equal(get(obj, "exits", "reason_77"), base + 2);
	assert_int_equal(get(obj, "exit_ticks", "cpuid"), base + 3);
	assert_int_equal(get(obj, "ticks", "pt_switch"), base + 4);
	assert_int_equal(get(obj, "ticks", "guest"), 0);
	assert_int_equal(get(obj, "counters", "idle_announced"), base + 5);
	assert_int_equal(get(obj, "preempted", NULL), base + 6);
	assert_int_equal(get(obj, "total", NULL), 1ULL << 63);
}

static struct json_object *render(const void *ctx, const union vm_stats *stats)
{
	assert_string_equal(ctx, "ctx");
	return stats_json(&stats->lull);
}

static const struct stats_renderer renderer = { render, "ctx" };

static void test_file(void **state)
{
	struct json_object *root, *marks, *mark, *inner;
	struct stats_log log;
	union vm_stats stats;
	struct stat st;
	char path[160];

	(void)state;
	in_dir(path, "s.json");
	umask(022);
	assert_int_equal(stats_log_init(&log), 0);
	fill(&stats.lull, 100);
	assert_int_equal(stats_log_mark(&log, 7, &stats), 0);
	fill(&stats.lull, 200);
	assert_int_equal(stats_log_write(&log, path, &stats, &renderer, 9), 0);
	assert_int_equal(stats_log_write(&log, path, &stats, &renderer, 9), 0);
	stats_log_free(&log);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	root = json_object_from_file(path);
	assert_non_null(root);
	assert_true(json_object_object_get_ex(root, "marks", &marks));
	assert_int_equal(json_object_array_length(marks), 1);
	mark = json_object_array_get_idx(marks, 0);
	assert_int_equal(get(mark, "id", NULL), 7);
	assert_true(json_object_object_get_ex(mark, "stats", &inner));
	check(inner, 100);
	assert_true(json_object_object_get_ex(root, "end", &inner));
	check(inner, 200);
	assert_int_equal(get(root, "balloon_frames", NULL), 9);
	json_object_put(root);
}

/* A run that ends before any statistics says so, and a bad path is refused. */
static void test_file_without_end(void **state)
{
	struct json_object *root, *end;
	struct stats_log log;
	char path[160];

	(void)state;
	in_dir(path, "s.json");
	assert_int_equal(stats_log_init(&log), 0);
	assert_int_equal(stats_log_write(&log, path, NULL, &renderer, 0), 0);
	root = json_object_from_file(path);
	assert_true(json_object_object_get_ex(root, "end", &end));
	assert_null(end);
	json_object_put(root);
	in_dir(path, "no/such");
	assert_int_equal(stats_log_write(&log, path, NULL, &renderer, 0), -1);
	assert_int_equal(stats_log_write(&log, dir, NULL, &renderer, 0), -1);
	stats_log_free(&log);
}

static void test_parse(void **state)
{
	char good[] = "exit_10 5\nexit_ticks_10 900\nexit_80 1\nticks_idle 77\n"
		      "ticks_new 3\nidle_enters 4\nnewer 1\npreempted 8\n"
		      "total 99\n";
	char bad[][16] = {
		"exit_10\n", "exit_10 x\n", "total -1\n", "a 1 2\n",
	};
	struct lull_vcpu_stats stats;
	unsigned int i;

	(void)state;
	assert_int_equal(vmstat_parse_vcpu(good, &stats), 0);
	assert_int_equal(stats.exits[10], 5);
	assert_int_equal(stats.exit_ticks[10], 900);
	assert_int_equal(stats.ticks[LULL_TICKS_IDLE], 77);
	assert_int_equal(stats.counters[LULL_CNT_IDLE_ENTERS], 4);
	assert_int_equal(stats.preempted, 8);
	assert_int_equal(stats.total, 99);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(vmstat_parse_vcpu(bad[i], &stats), -1);
}

static void make_vm(const char *id, const char *stats)
{
	char name[64], path[160];

	in_dir(path, id);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(name, sizeof(name), "%s/vm", id);
	write_text(name, "shadow_pages 3\nshadow_pages_max 64\n"
		   "memory 268435456\n");
	snprintf(name, sizeof(name), "%s/vcpu0", id);
	in_dir(path, name);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(name, sizeof(name), "%s/vcpu0/stats", id);
	write_text(name, stats);
}

static void test_directory(void **state)
{
	char path[160], far[400];
	struct vmstat now;

	(void)state;
	assert_int_equal(vmstat_read(dir, &now), 0);
	assert_int_equal(now.nr, 0);
	vmstat_free(&now);
	make_vm("100-5", "exit_12 2\ntotal 10\n");
	make_vm("99-4", "exit_12 1\ntotal 10\n");
	in_dir(path, "going");
	assert_int_equal(mkdir(path, 0755), 0);
	write_text("file", "x");
	assert_int_equal(vmstat_read(dir, &now), 0);
	assert_int_equal(now.nr, 2);
	assert_string_equal(now.vms[0].id, "99-4");
	assert_int_equal(now.vms[1].shadow_pages_max, 64);
	assert_int_equal(vmstat_find(&now, "100-5", 0)->exits[12], 2);
	assert_null(vmstat_find(&now, "100-5", 1));
	assert_null(vmstat_find(&now, "1", 0));
	vmstat_free(&now);
	memset(far, '/', sizeof(far));
	memcpy(far, dir, strlen(dir));
	far[sizeof(far) - 1] = '\0';
	assert_int_equal(vmstat_read(far, &now), 0);
	assert_int_equal(now.nr, 2);
	vmstat_free(&now);
	write_text("99-4/vcpu0/stats", "garbage\n");
	assert_int_equal(vmstat_read(dir, &now), -1);
	in_dir(path, "none");
	assert_int_equal(vmstat_read(path, &now), -1);
}

static int stat_once(char *text, size_t size, char *option)
{
	char *argv[6] = { "stat", "--once", "--dir", dir, option, NULL };
	struct capture c;
	int ret;

	capture_begin(&c, STDOUT_FILENO);
	ret = builtin_stat(option ? 5 : 4, argv);
	capture_end(&c, text, size);
	return ret;
}

static void test_stat(void **state)
{
	struct json_object *root, *vms, *vm, *vcpus, *stats;
	char text[8192];

	(void)state;
	assert_int_equal(stat_once(text, sizeof(text), NULL), 0);
	assert_string_equal(text, "no guests\n");
	make_vm("99-4", "exit_12 4\nexit_ticks_12 400\nticks_idle 25\n"
		"total 100\n");
	assert_int_equal(stat_once(text, sizeof(text), NULL), 0);
	assert_non_null(strstr(text, "VM 99-4 vCPU 0: 256 MiB, 3 of 64"));
	assert_non_null(strstr(text, "25.00%"));
	assert_non_null(strstr(text, "hlt"));
	assert_int_equal(stat_once(text, sizeof(text), "--json"), 0);
	root = json_tokener_parse(text);
	assert_true(json_object_object_get_ex(root, "vms", &vms));
	vm = json_object_array_get_idx(vms, 0);
	assert_int_equal(get(vm, "memory", NULL), 256 * MIB);
	assert_true(json_object_object_get_ex(vm, "vcpus", &vcpus));
	assert_true(json_object_object_get_ex(json_object_array_get_idx(vcpus, 0),
					      "stats", &stats));
	assert_int_equal(get(stats, "exits", "hlt"), 4);
	json_object_put(root);
}

/* More than stdio keeps back: the last flush alone would find nothing. */
static void test_full(void **state)
{
	char *argv[] = { "stat", "--once", "--json", "--dir", dir, NULL };
	struct capture err;
	char text[256], id[16];
	int saved, ret, i;

	(void)state;
	for (i = 0; i < 9; i++) {
		snprintf(id, sizeof(id), "99-%d", i);
		make_vm(id, "total 1\n");
	}
	capture_begin(&err, STDERR_FILENO);
	saved = dup(STDOUT_FILENO);
	dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
	ret = builtin_stat(5, argv);
	fflush(stdout);
	clearerr(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	capture_end(&err, text, sizeof(text));
	assert_int_equal(ret, 1);
	assert_string_equal(text, "lull: standard output: not all of it was taken\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test_setup_teardown(test_file, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(test_file_without_end,
						make_dir, drop_dir),
		cmocka_unit_test(test_parse),
		cmocka_unit_test_setup_teardown(test_directory, make_dir,
						drop_dir),
		cmocka_unit_test_setup_teardown(test_stat, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(test_full, make_dir, drop_dir),
	};

	return cmocka_run_group_tests_name("launcher_stats", tests, NULL,
					   NULL);
}
