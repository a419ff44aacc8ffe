#include "app/bench/chart.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "app/bench/axis.h"
#include "util/compat.h"

/* The measures of the drawing, in its own units. */
#define COLUMNS      3
#define PANEL_WIDTH  330
#define PANEL_HEIGHT 250
#define PLOT_LEFT    66 /* within a panel */
#define PLOT_TOP     34
#define PLOT_WIDTH   244
#define PLOT_HEIGHT  168
#define MARGIN       20
#define HEAD         64 /* title and subtitle */
#define LEGEND_LINE  22

/* What a panel shows: a number of each point, times `scale`, in the unit of its axis. */
static const struct panel {
	const char *title;
	const char *key, *clock, *value; /* point[key][clock][value], or point[key] where these are NULL */
	double scale;
	enum ash_bench_unit unit;
} panels[] = {
	{ "Find by id (2 keys), median", "find_id", "cpu_us", "p50", 1e3, ASH_BENCH_UNIT_NS },
	{ "Find by id (2 keys), p99", "find_id", "cpu_us", "p99", 1e3, ASH_BENCH_UNIT_NS },
	{ "Find by label (100 keys), p99", "find_label", "cpu_us", "p99", 1e3, ASH_BENCH_UNIT_NS },
	{ "List page by page, per key", "list_key_cpu_us", NULL, NULL, 1e3, ASH_BENCH_UNIT_NS },
	{ "Read four attributes, p99", "read", "cpu_us", "p99", 1e3, ASH_BENCH_UNIT_NS },
	{ "First use of a key (sign), p99", "first_use", "cpu_us", "p99", 1e3, ASH_BENCH_UNIT_NS },
	{ "Use again (sign), median", "use", "cpu_us", "p50", 1e3, ASH_BENCH_UNIT_NS },
	{ "Create a key pair, mean", "create", "cpu_us", "mean", 1e3, ASH_BENCH_UNIT_NS },
	{ "Destroy a key, mean", "destroy", "cpu_us", "mean", 1e3, ASH_BENCH_UNIT_NS },
	{ "Login in a new process", "login", "cpu_us", "mean", 1e3, ASH_BENCH_UNIT_NS },
	{ "Login and first find", "login_find_cpu_ms", NULL, NULL, 1e6, ASH_BENCH_UNIT_NS },
	{ "Memory of its own (RssAnon)", "rss_anon_mib", NULL, NULL, 1, ASH_BENCH_UNIT_MIB },
};

#define ROWS (((int)ASH_COUNT(panels) + COLUMNS - 1) / COLUMNS)

/* Colours that are told apart by people who don't see all of them (Okabe and Ito). */
static const char *const colors[ASH_BENCH_CHART_SERIES] = { "#0072B2", "#D55E00", "#009E73",
							    "#CC79A7", "#56B4E9", "#555555" };

/* Text from documents: what XML or ASCII don't have is replaced. */
static void text(FILE *out, const char *bytes)
{
	for (const char *at = bytes != NULL ? bytes : "?"; *at != '\0'; at++) {
		switch (*at) {
		case '&': fputs("&amp;", out); break;
		case '<': fputs("&lt;", out); break;
		case '>': fputs("&gt;", out); break;
		case '"': fputs("&quot;", out); break;
		default: fputc(*at >= ' ' && *at <= '~' ? *at : '?', out);
		}
	}
}

static const char *string(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* ---- values ---- */

static double keys_of(const json_t *point)
{
	return json_number_value(json_object_get(point, "keys"));
}

/* 0 where the point has no such value, or no keys. */
static double value_of(const struct panel *panel, const json_t *point)
{
	const json_t *value = json_object_get(point, panel->key);

	if (keys_of(point) <= 0)
		return 0;
	if (panel->clock != NULL)
		value = json_object_get(json_object_get(value, panel->clock), panel->value);
	return json_number_value(value) > 0 ? json_number_value(value) * panel->scale : 0;
}

struct extent {
	double least, most;
};

static void extend(struct extent *extent, double value)
{
	if (value <= 0)
		return;
	if (extent->most <= 0 || value < extent->least)
		extent->least = value;
	if (value > extent->most)
		extent->most = value;
}

/* ---- drawing ---- */

/* So that lines are told apart without colours, too. */
static void marker(FILE *out, size_t series, int x, int y)
{
	const char *color = colors[series];

	switch (series % 3) {
	case 0: fprintf(out, "<circle cx=\"%d\" cy=\"%d\" r=\"4\" fill=\"%s\"/>\n", x, y, color); break;
	case 1:
		fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"8\" height=\"8\" fill=\"%s\"/>\n", x - 4, y - 4,
			color);
		break;
	default: fprintf(out, "<path d=\"M%d %dl5 9h-10z\" fill=\"%s\"/>\n", x, y - 6, color); break;
	}
}

/* Where a series ends before the others: it was stopped. */
static void cross(FILE *out, size_t series, int x, int y)
{
	fprintf(out, "<path d=\"M%d %dl12 12m0 -12l-12 12\" stroke=\"%s\" stroke-width=\"1.5\"/>\n", x - 6,
		y - 6, colors[series]);
}

static void draw_line(FILE *out, const struct panel *panel, const json_t *series, size_t number,
		      const struct ash_bench_axis *x, const struct ash_bench_axis *y)
{
	const json_t *points = json_object_get(series, "points"), *point;
	int last_x = 0, last_y = 0;
	size_t i, drawn = 0;

	fprintf(out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", colors[number]);
	json_array_foreach(points, i, point)
	{
		if (value_of(panel, point) > 0)
			fprintf(out, "%d,%d ", ash_bench_axis_at(x, keys_of(point)),
				ash_bench_axis_at(y, value_of(panel, point)));
	}
	fputs("\"/>\n", out);
	json_array_foreach(points, i, point)
	{
		if (value_of(panel, point) <= 0)
			continue;
		last_x = ash_bench_axis_at(x, keys_of(point));
		last_y = ash_bench_axis_at(y, value_of(panel, point));
		marker(out, number, last_x, last_y);
		drawn++;
	}
	if (drawn > 0 && string(series, "stopped") != NULL)
		cross(out, number, last_x, last_y);
}

static void draw_axes(FILE *out, const struct ash_bench_axis *x, const struct ash_bench_axis *y,
		      enum ash_bench_unit unit)
{
	char tick[32];

	for (int decade = y->low; decade <= y->high; decade++) {
		const int at = y->from + (y->to - y->from) * (decade - y->low) / (y->high - y->low);

		ash_bench_axis_text(unit, decade, tick, sizeof(tick));
		fprintf(out, "<path class=\"grid\" d=\"M%d %dH%d\"/>\n", x->from, at, x->to);
		fprintf(out, "<text class=\"tick\" text-anchor=\"end\" x=\"%d\" y=\"%d\">%s</text>\n",
			x->from - 6, at + 4, tick);
	}
	for (int decade = x->low; decade <= x->high; decade++) {
		const int at = x->from + (x->to - x->from) * (decade - x->low) / (x->high - x->low);

		ash_bench_axis_text(ASH_BENCH_UNIT_COUNT, decade, tick, sizeof(tick));
		fprintf(out, "<path class=\"grid\" d=\"M%d %dV%d\"/>\n", at, y->from, y->to);
		fprintf(out, "<text class=\"tick\" text-anchor=\"middle\" x=\"%d\" y=\"%d\">%s%s</text>\n",
			at, y->from + 18, tick, decade == x->high ? " keys" : "");
	}
	fprintf(out, "<path class=\"axis\" d=\"M%d %dV%dH%d\"/>\n", x->from, y->to, y->from, x->to);
}

static void draw_panel(FILE *out, const struct panel *panel, int left, int top, const json_t *all,
		       struct extent keys)
{
	struct ash_bench_axis x = { .from = left + PLOT_LEFT, .to = left + PLOT_LEFT + PLOT_WIDTH };
	struct ash_bench_axis y = { .from = top + PLOT_TOP + PLOT_HEIGHT, .to = top + PLOT_TOP };
	struct extent values = { 0, 0 };
	const json_t *series, *point;
	size_t i, j;

	fprintf(out, "<text class=\"panel\" x=\"%d\" y=\"%d\">%s</text>\n", left + PLOT_LEFT, top + 20,
		panel->title);
	json_array_foreach(all, i, series)
	{
		json_array_foreach(json_object_get(series, "points"), j, point)
			extend(&values, value_of(panel, point));
	}
	if (values.most <= 0)
		return;
	ash_bench_axis_fit(&x, keys.least, keys.most);
	ash_bench_axis_fit(&y, values.least, values.most);
	draw_axes(out, &x, &y, panel->unit);
	json_array_foreach(all, i, series) draw_line(out, panel, series, i, &x, &y);
}

/* Each module with its name, and why its line ends early. */
static void draw_legend(FILE *out, const json_t *all, int top)
{
	const json_t *series;
	size_t i;

	json_array_foreach(all, i, series)
	{
		const int y = top + LEGEND_LINE * (int)i;

		fprintf(out, "<path d=\"M%d %dh28\" stroke=\"%s\" stroke-width=\"2\"/>\n", MARGIN, y,
			colors[i]);
		marker(out, i, MARGIN + 14, y);
		fprintf(out, "<text class=\"legend\" x=\"%d\" y=\"%d\">", MARGIN + 38, y + 5);
		text(out, string(series, "module"));
		if (string(series, "stopped") != NULL) {
			fputs(" (× stopped ", out);
			text(out, string(series, "stopped"));
			fputc(')', out);
		}
		fputs("</text>\n", out);
	}
}

static void draw_head(FILE *out, const json_t *document, int width, int height)
{
	const json_t *machine = json_object_get(document, "machine");

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
		"font-family=\"sans-serif\" role=\"img\">\n"
		"<title>CPU time of PKCS#11 calls by the number of keys on the token</title>\n"
		"<style>.grid{stroke:#ddd}.axis{stroke:#444;fill:none}.tick{font-size:11px;fill:#444}"
		".panel{font-size:13px;font-weight:bold;fill:#111}.legend{font-size:14px;fill:#111}"
		".title{font-size:18px;font-weight:bold;fill:#111}.sub{font-size:12px;fill:#444}</style>\n"
		"<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n"
		"<text class=\"title\" x=\"%d\" y=\"30\">CPU time of PKCS#11 calls by the number of keys on the "
		"token</text>\n"
		"<text class=\"sub\" x=\"%d\" y=\"50\">P-256, two keys a pair; both axes logarithmic; p99: 99th percentile; one thread; ",
		width, height, width, height, width, height, MARGIN, MARGIN);
	text(out, string(machine, "processor"));
	fputs(", ", out);
	text(out, string(machine, "system"));
	fputs(", ", out);
	text(out, string(document, "place"));
	fputs("</text>\n", out);
}

static ASH_STATUS check(const json_t *all, struct extent *ret_keys)
{
	const json_t *series, *point;
	size_t i, j;

	if (!json_is_array(all) || json_array_size(all) == 0)
		ASH_FAIL_WITH(ASH_E_FORMAT, "it has no list \"series\"");
	if (json_array_size(all) > ASH_BENCH_CHART_SERIES)
		ASH_FAIL_WITH(ASH_E_FORMAT, "more than %d series", ASH_BENCH_CHART_SERIES);
	json_array_foreach(all, i, series)
	{
		json_array_foreach(json_object_get(series, "points"), j, point)
			extend(ret_keys, keys_of(point));
	}
	if (ret_keys->most <= 0)
		ASH_FAIL_WITH(ASH_E_FORMAT, "no series has a point with keys");
	return ASH_DONE;
}

ASH_STATUS ash_bench_chart(const json_t *document, FILE *out)
{
	const json_t *all = json_object_get(document, "series");
	const int width = 2 * MARGIN + COLUMNS * PANEL_WIDTH;
	const int legend = HEAD + LEGEND_LINE * (int)json_array_size(all);
	struct extent keys = { 0, 0 };

	ASH_TRY(check(all, &keys));
	draw_head(out, document, width, legend + MARGIN + ROWS * PANEL_HEIGHT);
	draw_legend(out, all, HEAD + LEGEND_LINE / 2);
	for (int i = 0; i < (int)ASH_COUNT(panels); i++)
		draw_panel(out, &panels[i], MARGIN / 2 + i % COLUMNS * PANEL_WIDTH,
			   legend + MARGIN / 2 + i / COLUMNS * PANEL_HEIGHT, all, keys);
	fputs("</svg>\n", out);
	return ASH_DONE;
}
