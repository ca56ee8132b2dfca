#include "consilium_eval_report.h"

#include <stdlib.h>
#include <string.h>

static struct eval_group *group_named(struct eval_group *groups, size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(groups[i].name, name) == 0)
            return &groups[i];
    if (*count == EVAL_GROUPS_MAX)
        return NULL;
    groups[*count] = (struct eval_group){ .name = name };
    return &groups[(*count)++];
}

void eval_report_add(struct eval_report *report, const struct eval_question *question,
                     const struct eval_verdict *verdict)
{
    struct eval_group *kind = group_named(report->kinds, &report->kinds_count, question->kind),
                      *split = group_named(report->splits, &report->splits_count,
                                           question->split[0] == '\0' ? "-" : question->split);

    eval_tally_add(&report->all.tally, verdict);
    if (kind != NULL)
        eval_tally_add(&kind->tally, verdict);
    if (split != NULL)
        eval_tally_add(&split->tally, verdict);
    if (question->has_unseen_conditions
        && (split = group_named(report->splits, &report->splits_count, "new conditions")) != NULL)
        eval_tally_add(&split->tally, verdict);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

double eval_quantile(double *values, size_t count, double share)
{
    if (count == 0)
        return 0;
    qsort(values, count, sizeof(*values), compare_doubles);
    return values[(size_t)(share * (double)(count - 1) + 0.5)];
}

/* ---- a table ---- */

static void put_row(const struct eval_group *group, struct buffer *out)
{
    static const enum eval_measure shown[] = { EVAL_EXACT,           EVAL_EQUIVALENT,
                                               EVAL_NUMERIC,         EVAL_CITATION_PRECISION,
                                               EVAL_CITATION_RECALL, EVAL_ABSTENTION_RECALL,
                                               EVAL_DECLINED_WRONGLY };

    buffer_format(out, "%-18s %6zu", group->name, group->tally.answers);
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        struct eval_rate rate = eval_rate_of(&group->tally, shown[i]);

        if (rate.whole == 0)
            buffer_format(out, " %17s", "-");
        else
            buffer_format(out, "  %5.1f (%4.1f-%5.1f)", 100 * rate.value, 100 * rate.low,
                          100 * rate.high);
    }
    buffer_put_byte(out, '\n');
}

void eval_report_table(struct eval_report *report, struct buffer *out)
{
    static const char *const heads[] = { "exact",           "or equivalent",  "numbers",
                                         "cited right",     "evidence cited", "declined right",
                                         "declined wrongly" };

    buffer_format(out, "%-18s %6s", "percent (95 %)", "asked");
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        buffer_format(out, " %17s", heads[i]);
    buffer_put_byte(out, '\n');
    for (size_t i = 0; i < report->kinds_count; i++)
        put_row(&report->kinds[i], out);
    for (size_t i = 0; i < report->splits_count; i++)
        put_row(&report->splits[i], out);
    put_row(&report->all, out);
    buffer_format(
        out,
        "%zu patients, %zu questions, %zu without an answer; first text after %.0f ms (half), %.0f ms (19 of 20); "
        "whole answers %.0f ms, %.0f ms\n",
        report->patients, report->asked, report->failed,
        eval_quantile(report->first_ms, report->times_count, 0.5),
        eval_quantile(report->first_ms, report->times_count, 0.95),
        eval_quantile(report->whole_ms, report->times_count, 0.5),
        eval_quantile(report->whole_ms, report->times_count, 0.95));
}

/* ---- JSON ---- */

static void put_json_string(struct buffer *out, const char *key, const char *value)
{
    buffer_format(out, "\"%s\":", key);
    buffer_put_json(out, slice_from(value == NULL ? "" : value));
}

static void put_json_group(const struct eval_group *group, struct buffer *out)
{
    buffer_put_byte(out, '{');
    put_json_string(out, "name", group->name);
    buffer_format(out, ",\"answers\":%zu", group->tally.answers);
    for (int m = 0; m < EVAL_MEASURES; m++) {
        struct eval_rate rate = eval_rate_of(&group->tally, m);

        buffer_format(out, ",\"%s\":", eval_measure_names[m]);
        if (rate.whole == 0)
            buffer_put_string(out, "null");
        else
            buffer_format(out,
                          "{\"part\":%zu,\"of\":%zu,\"value\":%.6f,\"low\":%.6f,\"high\":%.6f}",
                          rate.part, rate.whole, rate.value, rate.low, rate.high);
    }
    buffer_put_byte(out, '}');
}

static void put_json_groups(const char *key, const struct eval_group *groups, size_t count,
                            struct buffer *out)
{
    buffer_format(out, ",\"%s\":[", key);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_put_byte(out, ',');
        put_json_group(&groups[i], out);
    }
    buffer_put_byte(out, ']');
}

static void put_json_times(const char *key, double *values, size_t count, struct buffer *out)
{
    buffer_format(out, ",\"%s\":{\"half\":%.1f,\"of_20_19\":%.1f,\"longest\":%.1f}", key,
                  eval_quantile(values, count, 0.5), eval_quantile(values, count, 0.95),
                  eval_quantile(values, count, 1));
}

void eval_report_json(struct eval_report *report, struct buffer *out)
{
    buffer_put_byte(out, '{');
    put_json_string(out, "questions", report->questions);
    buffer_put_byte(out, ',');
    put_json_string(out, "model", report->model);
    buffer_put_byte(out, ',');
    put_json_string(out, "digest", report->digest);
    buffer_format(out, ",\"patients\":%zu,\"asked\":%zu,\"failed\":%zu,\"all\":", report->patients,
                  report->asked, report->failed);
    put_json_group(&report->all, out);
    put_json_groups("kinds", report->kinds, report->kinds_count, out);
    put_json_groups("splits", report->splits, report->splits_count, out);
    put_json_times("first_text_ms", report->first_ms, report->times_count, out);
    put_json_times("whole_answer_ms", report->whole_ms, report->times_count, out);
    buffer_put_string(out, "}\n");
}

/* ---- HTML ---- */

static void put_html(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '<')
            buffer_put_string(out, "&lt;");
        else if (*text == '>')
            buffer_put_string(out, "&gt;");
        else if (*text == '&')
            buffer_put_string(out, "&amp;");
        else if (*text == '"')
            buffer_put_string(out, "&quot;");
        else
            buffer_put_byte(out, *text);
    }
}

static const char style[] =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Evaluation</title><style>"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1a2230}"
    "h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2.2rem}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
    "td,th{padding:.25rem .5rem;border-bottom:1px solid #e3e7ee;text-align:right}td:first-child,th:first-child{text-align:left}"
    "th{font-weight:600;color:#4a5568}small,.dim{color:#66738a}svg{display:block;margin:.5rem 0}text{font:12px system-ui,sans-serif;fill:#1a2230}"
    "@media(prefers-color-scheme:dark){body{background:#12161d;color:#dde3ec}text{fill:#dde3ec}td,th{border-color:#2a3240}th{color:#9aa7ba}}"
    "</style>\n";

#define PLOT_LEFT 170
#define PLOT_WIDTH 620
#define PLOT_ROW 24

/* A bar for the rate, a whisker for its interval. */
static void put_bar(struct buffer *out, size_t row, const char *name, const struct eval_rate *rate)
{
    double y = (double)(row * PLOT_ROW) + 4, middle = y + 8;

    buffer_format(out, "<text x=\"%d\" y=\"%.0f\" text-anchor=\"end\">", PLOT_LEFT - 8, y + 12);
    put_html(out, name);
    buffer_put_string(out, "</text>");
    if (rate->whole == 0)
        return;
    buffer_format(
        out,
        "<rect x=\"%d\" y=\"%.0f\" width=\"%.1f\" height=\"16\" fill=\"#6b9bd1\" opacity=\".75\"/>"
        "<path d=\"M%.1f %.0fH%.1fM%.1f %.0fv8M%.1f %.0fv8\" stroke=\"#b4532a\" stroke-width=\"2\" fill=\"none\"/>"
        "<text x=\"%d\" y=\"%.0f\">%.1f %% of %zu</text>",
        PLOT_LEFT, y, PLOT_WIDTH * rate->value, PLOT_LEFT + PLOT_WIDTH * rate->low, middle,
        PLOT_LEFT + PLOT_WIDTH * rate->high, PLOT_LEFT + PLOT_WIDTH * rate->low, middle - 4,
        PLOT_LEFT + PLOT_WIDTH * rate->high, middle - 4, PLOT_LEFT + PLOT_WIDTH + 8, y + 12,
        100 * rate->value, rate->whole);
}

static void open_plot(struct buffer *out, size_t rows)
{
    size_t height = rows * PLOT_ROW + 22;

    buffer_format(out, "<svg viewBox=\"0 0 %d %zu\" role=\"img\">", PLOT_LEFT + PLOT_WIDTH + 130,
                  height);
    for (int percent = 0; percent <= 100; percent += 20)
        buffer_format(
            out,
            "<path d=\"M%.0f 0V%zu\" stroke=\"#8893a5\" stroke-opacity=\".35\"/><text x=\"%.0f\" y=\"%zu\" "
            "text-anchor=\"middle\">%d</text>",
            PLOT_LEFT + PLOT_WIDTH * percent / 100.0, height - 18,
            PLOT_LEFT + PLOT_WIDTH * percent / 100.0, height - 4, percent);
}

static void put_plot_of_group(struct buffer *out, const struct eval_group *group)
{
    open_plot(out, EVAL_MEASURES);
    for (int m = 0; m < EVAL_MEASURES; m++) {
        struct eval_rate rate = eval_rate_of(&group->tally, m);

        put_bar(out, (size_t)m, eval_measure_titles[m], &rate);
    }
    buffer_put_string(out, "</svg>\n");
}

static void put_plot_of_kinds(struct buffer *out, const struct eval_report *report,
                              enum eval_measure measure)
{
    open_plot(out, report->kinds_count);
    for (size_t i = 0; i < report->kinds_count; i++) {
        struct eval_rate rate = eval_rate_of(&report->kinds[i].tally, measure);

        put_bar(out, i, report->kinds[i].name, &rate);
    }
    buffer_put_string(out, "</svg>\n");
}

static void put_table_row(struct buffer *out, const struct eval_group *group)
{
    buffer_put_string(out, "<tr><td>");
    put_html(out, group->name);
    buffer_format(out, "<td>%zu", group->tally.answers);
    for (int m = 0; m < EVAL_MEASURES; m++) {
        struct eval_rate rate = eval_rate_of(&group->tally, m);

        if (rate.whole == 0)
            buffer_put_string(out, "<td>–");
        else
            buffer_format(out, "<td>%.1f<br><small>%.1f–%.1f</small>", 100 * rate.value,
                          100 * rate.low, 100 * rate.high);
    }
    buffer_put_byte(out, '\n');
}

static void put_html_table(struct buffer *out, const struct eval_report *report)
{
    buffer_put_string(out, "<h2>All figures</h2><p class=\"dim\">Percent, and below it the bounds "
                           "of its 95 % interval (Wilson).</p><table><tr><th>questions<th>asked");
    for (int m = 0; m < EVAL_MEASURES; m++)
        buffer_format(out, "<th>%s", eval_measure_titles[m]);
    buffer_put_byte(out, '\n');
    for (size_t i = 0; i < report->kinds_count; i++)
        put_table_row(out, &report->kinds[i]);
    for (size_t i = 0; i < report->splits_count; i++)
        put_table_row(out, &report->splits[i]);
    put_table_row(out, &report->all);
    buffer_put_string(out, "</table>\n");
}

void eval_report_html(struct eval_report *report, struct buffer *out)
{
    buffer_put_string(out, style);
    buffer_put_string(out, "<h1>How well it answers</h1><p>Model <b>");
    put_html(out, report->model == NULL ? "" : report->model);
    buffer_put_string(out, "</b> <small>");
    put_html(out, report->digest == NULL ? "" : report->digest);
    buffer_format(out, "</small><br>%zu questions about %zu patients, %zu without an answer; from ",
                  report->asked, report->patients, report->failed);
    put_html(out, report->questions == NULL ? "" : report->questions);
    buffer_format(
        out,
        ".<br>First text after %.0f ms in half of the answers, %.0f ms in 19 of 20; whole answers after %.0f and "
        "%.0f ms.</p>\n<h2>All questions</h2>\n",
        eval_quantile(report->first_ms, report->times_count, 0.5),
        eval_quantile(report->first_ms, report->times_count, 0.95),
        eval_quantile(report->whole_ms, report->times_count, 0.5),
        eval_quantile(report->whole_ms, report->times_count, 0.95));
    put_plot_of_group(out, &report->all);
    buffer_put_string(out, "<h2>Exact or equivalent, by kind of question</h2>\n");
    put_plot_of_kinds(out, report, EVAL_EQUIVALENT);
    buffer_put_string(out, "<h2>Citation precision, by kind of question</h2>\n");
    put_plot_of_kinds(out, report, EVAL_CITATION_PRECISION);
    for (size_t i = 0; i < report->splits_count; i++) {
        buffer_put_string(out, "<h2>Split: ");
        put_html(out, report->splits[i].name);
        buffer_put_string(out, "</h2>\n");
        put_plot_of_group(out, &report->splits[i]);
    }
    put_html_table(out, report);
}
