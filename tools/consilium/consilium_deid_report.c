#include "consilium_deid_report.h"

#include <math.h>

#include "consilium_deid_engine.h"

static const char *const level_names[DEID_LEVEL_COUNT] = { "wholly", "overlap", "exact",
                                                           "token",  "share",   "joined" };
static const char *const need_names[DEID_NEED_COUNT] = { "go", "open", "stay" };

static struct deid_interval recall_of(const struct deid_tally_sums *sums, unsigned level)
{
    return deid_interval_share(sums->found[level], sums->wanted[level]);
}

static struct deid_interval precision_of(const struct deid_tally_sums *sums, unsigned level)
{
    return deid_interval_share(sums->right[level], sums->reported[level]);
}

static struct deid_interval f_of(const struct deid_tally *tally, unsigned level, double beta)
{
    return deid_interval_f(tally->parts[level], tally->documents, beta);
}

/* ---- words ---- */

/* "98.55", or "-" for no number. */
static void put_share(struct buffer *out, double share, int width)
{
    if (isnan(share))
        buffer_format(out, "%*s", width, "-");
    else
        buffer_format(out, "%*.2f", width, 100 * share);
}

static void put_interval(struct buffer *out, struct deid_interval interval)
{
    put_share(out, interval.value, 7);
    if (isnan(interval.value))
        buffer_format(out, "%18s", "");
    else
        buffer_format(out, " [%6.2f %7.2f]", 100 * interval.low, 100 * interval.high);
}

static void put_labels(struct buffer *out, const struct deid_tally *tally)
{
    unsigned i;

    buffer_format(out, "%-34s %-12s %6s  %-24s %8s %7s %7s\n", "label", "class", "n",
                  " wholly gone  95 %", "touched", "exact", "tokens");
    for (i = 0; i < tally->labels_count; i++) {
        const struct deid_tally_label *label = &tally->labels[i];

        if (label->needs[DEID_NEED_YES] == 0)
            continue;
        buffer_format(out, "%-34s %-12s %6llu ", label->name, deid_engine_label(label->meant.class),
                      (unsigned long long)label->needs[DEID_NEED_YES]);
        put_interval(out, recall_of(&label->sums, DEID_LEVEL_WHOLLY));
        put_share(out, recall_of(&label->sums, DEID_LEVEL_OVERLAP).value, 9);
        put_share(out, recall_of(&label->sums, DEID_LEVEL_EXACT).value, 8);
        put_share(out, recall_of(&label->sums, DEID_LEVEL_TOKEN).value, 8);
        buffer_put_string(out, label->meant.is_known ? "\n" : "  (an unknown label)\n");
    }
}

/* Labels that may go or have to stay: how many were touched. */
static void put_others(struct buffer *out, const struct deid_tally *tally)
{
    unsigned i, need;

    for (need = DEID_NEED_OPEN; need < DEID_NEED_COUNT; need++)
        for (i = 0; i < tally->labels_count; i++) {
            const struct deid_tally_label *label = &tally->labels[i];

            if (label->needs[need] == 0)
                continue;
            buffer_format(out, "%-34s %-12s %6llu ", label->name,
                          need == DEID_NEED_OPEN ? "(open)" : "(has to stay)",
                          (unsigned long long)label->needs[need]);
            buffer_format(out, "%38llu touched\n", (unsigned long long)label->touched[need]);
        }
}

static void put_classes(struct buffer *out, const struct deid_tally *tally)
{
    unsigned class;

    buffer_format(out, "\n%-12s %8s %8s  %-24s %-24s %7s %7s\n", "class", "labelled", "found",
                  " recall, tokens", " precision, tokens", "F1", "F2");
    for (class = 0; class < DEID_CLASS_COUNT; class ++) {
        const struct deid_tally_sums *sums = &tally->classes[class];
        struct deid_interval recall = recall_of(sums, DEID_LEVEL_TOKEN),
                             precision = precision_of(sums, DEID_LEVEL_TOKEN);

        if (sums->wanted[DEID_LEVEL_OVERLAP] + sums->reported[DEID_LEVEL_OVERLAP] == 0)
            continue;
        buffer_format(out, "%-12s %8llu %8llu ",
                      class == 0 ? "(other)" : deid_engine_label((enum deid_class) class),
                      (unsigned long long)sums->wanted[DEID_LEVEL_OVERLAP],
                      (unsigned long long)sums->reported[DEID_LEVEL_OVERLAP]);
        put_interval(out, recall);
        put_interval(out, precision);
        put_share(out, deid_interval_f_of(precision.value, recall.value, 1), 8);
        put_share(out, deid_interval_f_of(precision.value, recall.value, 2), 8);
        buffer_put_byte(out, '\n');
    }
}

static void put_levels(struct buffer *out, const struct deid_report *report)
{
    const struct deid_tally *tally = report->tally;
    unsigned level;

    buffer_format(out, "\n%-8s  %-24s", "all", " recall");
    if (!report->is_recall_only)
        buffer_format(out, " %-24s %-24s %-24s", " precision", " F1", " F2");
    buffer_put_byte(out, '\n');
    for (level = 0; level < DEID_LEVEL_COUNT; level++) {
        buffer_format(out, "%-8s ", level_names[level]);
        put_interval(out, recall_of(&tally->all, level));
        if (!report->is_recall_only) {
            put_interval(out, precision_of(&tally->all, level));
            put_interval(out, f_of(tally, level, 1));
            put_interval(out, f_of(tally, level, 2));
        }
        buffer_put_byte(out, '\n');
    }
}

static void put_touched(struct buffer *out, const char *what, uint64_t touched, uint64_t total)
{
    if (total == 0)
        return;
    buffer_format(out, "%s touched: %llu of %llu, ", what, (unsigned long long)touched,
                  (unsigned long long)total);
    put_interval(out, deid_interval_share(touched, total));
    buffer_put_string(out, " %\n");
}

void deid_report_text(const struct deid_report *report, struct buffer *out)
{
    const struct deid_tally *tally = report->tally;

    buffer_format(out, "%u documents, %llu labels of what has to go, %llu spans found\n\n",
                  tally->documents, (unsigned long long)tally->all.wanted[DEID_LEVEL_OVERLAP],
                  (unsigned long long)tally->all.reported[DEID_LEVEL_OVERLAP]);
    put_labels(out, tally);
    put_others(out, tally);
    if (!report->is_recall_only)
        put_classes(out, tally);
    put_levels(out, report);
    put_touched(out, "hard negatives", tally->negatives_touched, tally->negatives);
    put_touched(out, "traps", tally->traps_touched, tally->traps);
    if (report->missing > 0)
        buffer_format(out, "%llu documents have no line in PREDICTED: all of them is missed\n",
                      (unsigned long long)report->missing);
    if (report->strange > 0)
        buffer_format(out, "%llu lines of PREDICTED belong to no document\n",
                      (unsigned long long)report->strange);
}

/* ---- JSON ---- */

static void put_json_interval(struct buffer *out, const char *key, struct deid_interval interval)
{
    if (isnan(interval.value))
        buffer_format(out, ",\"%s\":null", key);
    else
        buffer_format(out, ",\"%s\":[%.6f,%.6f,%.6f]", key, interval.value, interval.low,
                      interval.high);
}

static void put_json_label(struct buffer *out, const struct deid_tally_label *label)
{
    unsigned need;

    buffer_put_string(out, "{\"label\":");
    buffer_put_json(out, slice_from(label->name));
    buffer_format(out, ",\"class\":\"%s\",\"known\":%s", deid_engine_label(label->meant.class),
                  label->meant.is_known ? "true" : "false");
    for (need = 0; need < DEID_NEED_COUNT; need++)
        buffer_format(out, ",\"%s\":{\"n\":%llu,\"touched\":%llu}", need_names[need],
                      (unsigned long long)label->needs[need],
                      (unsigned long long)label->touched[need]);
    put_json_interval(out, "wholly", recall_of(&label->sums, DEID_LEVEL_WHOLLY));
    put_json_interval(out, "overlap", recall_of(&label->sums, DEID_LEVEL_OVERLAP));
    put_json_interval(out, "exact", recall_of(&label->sums, DEID_LEVEL_EXACT));
    put_json_interval(out, "token", recall_of(&label->sums, DEID_LEVEL_TOKEN));
    buffer_put_byte(out, '}');
}

static void put_json_classes(struct buffer *out, const struct deid_report *report)
{
    const char *comma = "";
    unsigned class, level;

    buffer_put_string(out, ",\"classes\":[");
    for (class = 0; class < DEID_CLASS_COUNT; class ++) {
        const struct deid_tally_sums *sums = &report->tally->classes[class];

        if (sums->wanted[DEID_LEVEL_OVERLAP] + sums->reported[DEID_LEVEL_OVERLAP] == 0)
            continue;
        buffer_format(out, "%s{\"class\":\"%s\",\"labelled\":%llu,\"found\":%llu", comma,
                      deid_engine_label((enum deid_class) class),
                      (unsigned long long)sums->wanted[DEID_LEVEL_OVERLAP],
                      (unsigned long long)sums->reported[DEID_LEVEL_OVERLAP]);
        for (level = 0; level < DEID_LEVEL_SHARE; level++) {
            struct deid_interval recall = recall_of(sums, level),
                                 precision = precision_of(sums, level);
            double f1 = deid_interval_f_of(precision.value, recall.value, 1),
                   f2 = deid_interval_f_of(precision.value, recall.value, 2);

            buffer_format(out, ",\"%s\":{\"level\":\"%s\"", level_names[level], level_names[level]);
            put_json_interval(out, "recall", recall);
            if (!report->is_recall_only) {
                put_json_interval(out, "precision", precision);
                if (!isnan(f2))
                    buffer_format(out, ",\"f1\":%.6f,\"f2\":%.6f", f1, f2);
            }
            buffer_put_byte(out, '}');
        }
        buffer_put_byte(out, '}');
        comma = ",";
    }
    buffer_put_byte(out, ']');
}

static void put_json_levels(struct buffer *out, const struct deid_report *report)
{
    const struct deid_tally_sums *all = &report->tally->all;
    unsigned level;

    buffer_put_string(out, ",\"all\":{");
    for (level = 0; level < DEID_LEVEL_COUNT; level++) {
        buffer_format(out, "%s\"%s\":{\"wanted\":%llu,\"reported\":%llu", level > 0 ? "," : "",
                      level_names[level], (unsigned long long)all->wanted[level],
                      (unsigned long long)all->reported[level]);
        put_json_interval(out, "recall", recall_of(all, level));
        if (!report->is_recall_only) {
            put_json_interval(out, "precision", precision_of(all, level));
            put_json_interval(out, "f1", f_of(report->tally, level, 1));
            put_json_interval(out, "f2", f_of(report->tally, level, 2));
        }
        buffer_put_byte(out, '}');
    }
    buffer_put_byte(out, '}');
}

static void put_json_touched(struct buffer *out, const char *key, uint64_t touched, uint64_t total)
{
    buffer_format(out, ",\"%s\":{\"n\":%llu,\"touched\":%llu", key, (unsigned long long)total,
                  (unsigned long long)touched);
    put_json_interval(out, "share", deid_interval_share(touched, total));
    buffer_put_byte(out, '}');
}

void deid_report_json(const struct deid_report *report, struct buffer *out)
{
    const struct deid_tally *tally = report->tally;
    unsigned i;

    buffer_format(out, "{\"documents\":%u,\"missing\":%llu,\"strange\":%llu,\"labels\":[",
                  tally->documents, (unsigned long long)report->missing,
                  (unsigned long long)report->strange);
    for (i = 0; i < tally->labels_count; i++) {
        buffer_put_string(out, i > 0 ? "," : "");
        put_json_label(out, &tally->labels[i]);
    }
    buffer_put_byte(out, ']');
    put_json_classes(out, report);
    put_json_levels(out, report);
    put_json_touched(out, "hard_negatives", tally->negatives_touched, tally->negatives);
    put_json_touched(out, "traps", tally->traps_touched, tally->traps);
    buffer_put_string(out, "}\n");
}
