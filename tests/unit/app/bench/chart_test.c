#include "app/bench/chart.h"

#include "app/bench/watch.h"
#include "unit/test.h"

static char *drawn;
static size_t drawn_len;

static struct ash_status draw(const char *document)
{
	ASH_BENCH_AUTO_JSON *json = json_loads(document, 0, NULL);
	FILE *out;
	struct ash_status status;

	EXPECT(json != NULL);
	free(drawn);
	drawn = NULL;
	out = open_memstream(&drawn, &drawn_len);
	EXPECT(out != NULL);
	status = ash_bench_chart(json, out);
	EXPECT(fclose(out) == 0);
	return status;
}

static size_t times(const char *part)
{
	size_t found = 0;

	for (const char *at = drawn; (at = strstr(at, part)) != NULL; at += strlen(part))
		found++;
	return found;
}

#define POINT(keys, p99) \
	"{\"keys\": " keys ", \"find_id\": {\"cpu_us\": {\"p99\": " p99 "}}, \"rss_anon_mib\": 12}"
#define DOCUMENT(points, stopped)                                                                                 \
	"{\"machine\": {\"processor\": \"Fast & <Good>\", \"system\": \"S\"}, \"place\": \"ext4\", \"series\": [" \
	"{\"module\": \"Ours \\\"1\\\"\", \"points\": [" points "], \"stopped\": null},"                          \
	"{\"module\": \"Theirs\", \"points\": [" POINT("1000", "5.5") "], \"stopped\": " stopped "}]}"

TEST(each_series_has_its_line_and_its_legend)
{
	EXPECT_OK(
		draw(DOCUMENT(POINT("0", "1") "," POINT("1000", "100") "," POINT("1000000", "200"), "null")));
	EXPECT(strncmp(drawn, "<svg xmlns=", 11) == 0 && strcmp(drawn + drawn_len - 7, "</svg>\n") == 0);
	/* Two panels have values. The point without keys is not drawn. */
	EXPECT_NUMBER(4, times("<polyline"));
	EXPECT_NUMBER(2 * 2 + 1, times("<circle")); /* two points in two panels, and the legend's */
	EXPECT(times(">Ours &quot;1&quot;<") == 1 && times(">Theirs<") == 1);
	EXPECT(times("Fast &amp; &lt;Good&gt;") == 1 && times("ext4") == 1);
	EXPECT(times(">1k<") == 2 && times(">1M keys<") == 2 && times(">10 µs<") == 1 && times("MiB<") == 2);
	EXPECT_NUMBER(0, times("stopped"));
	EXPECT_NUMBER(0, times("nan") + times("inf") + times("(null)"));
}

TEST(a_higher_cost_lies_higher)
{
	int low_x = 0, low_y = 0, high_x = 0, high_y = 0;
	const char *line;

	EXPECT_OK(draw(DOCUMENT(POINT("1000", "10") "," POINT("10000", "1000"), "null")));
	line = strstr(drawn, "points=\"");
	EXPECT(line != NULL && sscanf(line, "points=\"%d,%d %d,%d", &low_x, &low_y, &high_x, &high_y) == 4);
	EXPECT(low_x < high_x && low_y > high_y);
}

TEST(what_was_stopped_is_said)
{
	EXPECT_OK(draw(DOCUMENT(POINT("1000", "100"), "\"at 1000 keys: filling: it died\"")));
	EXPECT_NUMBER(1, times("Theirs (× stopped at 1000 keys: filling: it died)"));
	EXPECT_NUMBER(2, times("m0 -12l-12 12")); /* a cross in each of two panels */
}

TEST(what_is_no_result_is_refused)
{
	EXPECT_CODE(ASH_E_FORMAT, draw("{}"));
	EXPECT_CODE(ASH_E_FORMAT, draw("[]"));
	EXPECT_CODE(ASH_E_FORMAT, draw("{\"series\": []}"));
	EXPECT_CODE(ASH_E_FORMAT, draw("{\"series\": [{}, {}, {}, {}, {}, {}, {}]}"));
	EXPECT_CODE(ASH_E_FORMAT, draw("{\"series\": [{\"points\": [{\"keys\": 0}]}]}"));
	EXPECT_CODE(ASH_E_FORMAT, draw("{\"series\": [{\"points\": [{\"keys\": \"many\"}]}]}"));
}

TEST(strange_values_are_left_out)
{
	EXPECT_OK(draw(
		"{\"series\": [{\"module\": 1, \"points\": [{\"keys\": 1000, \"find_id\": 7, \"read\": []}, 3]}]}"));
	EXPECT_NUMBER(0, times("<polyline"));
}
