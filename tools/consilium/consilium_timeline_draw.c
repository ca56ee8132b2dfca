/* Rows by what they are of; the columns of a row's middle are equal pieces of time:
 *
 *     label, cut to LABEL_COLUMNS | bars, marks or a sparkline | what holds now */
#include "consilium_timeline_draw.h"

#include <math.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/limits.h"
#include "consilium_paint.h"
#include "context_analyte.h"

#define LABEL_COLUMNS 27
#define RIGHT_COLUMNS 22
#define COLUMNS_MIN 60
#define COLUMNS_MAX 240
#define YEARS_MAX 25
#define ROWS_MAX 4096
#define DAY_SECONDS 86400

struct row {
    const struct fact *newest;
    const struct measure *measure; /* of the newest; NULL: no measurement */
    struct slice label;
    uint32_t count;
};

struct drawing {
    const struct record *record;
    struct buffer out;
    struct arena arena;
    unsigned columns, middle;
    int64_t first, end; /* of the axis */
    struct row *rows;
    uint32_t rows_count;
};

static unsigned terminal_columns(void)
{
    struct winsize size;
    const char *set = getenv("COLUMNS");
    unsigned columns = 80;

    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        columns = size.ws_col;
    else if (set != NULL && atoi(set) > 0)
        columns = (unsigned)atoi(set);
    return columns < COLUMNS_MIN ? COLUMNS_MIN : columns > COLUMNS_MAX ? COLUMNS_MAX : columns;
}

static bool is_dated(const struct fhir_date *date)
{
    return date->precision != FHIR_PRECISION_NONE;
}

/* From the first year, but not more than YEARS_MAX, to the end of the last. */
static void find_axis(struct drawing *drawing)
{
    struct fhir_date day = { .precision = FHIR_PRECISION_DAY, .month = 1, .day = 1 };
    int first = 9999, last = 0;

    for (size_t i = 0; i < drawing->record->count; i++) {
        const struct fact *fact = &drawing->record->facts[i];

        if (fact->is_void || !is_dated(&fact->date))
            continue;
        first = fact->date.year < first ? fact->date.year : first;
        last = fact->date.year > last ? fact->date.year : last;
    }
    first = last - first >= YEARS_MAX ? last - YEARS_MAX + 1 : first;
    day.year = (int16_t)(last == 0 ? 1970 : first);
    drawing->first = fhir_date_days(&day) * DAY_SECONDS;
    day.year = (int16_t)(last == 0 ? 1971 : last + 1);
    drawing->end = fhir_date_days(&day) * DAY_SECONDS;
}

static int column_of(const struct drawing *drawing, int64_t seconds)
{
    double share = (double)(seconds - drawing->first) / (double)(drawing->end - drawing->first);

    return (int)floor(share * drawing->middle);
}

/* ---- columns of text ---- */

static void put_spaces(struct buffer *out, unsigned count)
{
    for (; count > 0; count--)
        buffer_put_byte(out, ' ');
}

static unsigned columns_of_text(struct slice text)
{
    unsigned columns = 0;

    for (size_t i = 0; i < text.size; i++)
        columns += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return columns;
}

static struct slice cut_to(struct slice text, unsigned columns)
{
    size_t at = 0;

    for (; at < text.size; at++)
        if (((unsigned char)text.data[at] & 0xc0) != 0x80 && columns-- == 0)
            break;
    return slice_cut(text, 0, at);
}

static void put_label(struct drawing *drawing, struct slice label)
{
    bool is_long = columns_of_text(label) > LABEL_COLUMNS;
    struct slice shown = cut_to(label, is_long ? LABEL_COLUMNS - 1 : LABEL_COLUMNS);

    buffer_put(&drawing->out, shown);
    if (is_long)
        buffer_put_string(&drawing->out, "…");
    put_spaces(&drawing->out, LABEL_COLUMNS - columns_of_text(shown) - is_long + 1);
}

static void put_heading(struct drawing *drawing, const char *text)
{
    buffer_format(&drawing->out, "\n%s%s%s\n", paint(PAINT_BOLD), text, paint(PAINT_PLAIN));
}

/* Years as far apart as they fit. */
static void put_axis(struct drawing *drawing)
{
    char line[COLUMNS_MAX + 8];
    struct fhir_date day = { .precision = FHIR_PRECISION_DAY, .month = 1, .day = 1 };
    struct fhir_date first = { 0 };
    unsigned years = (unsigned)((drawing->end - drawing->first) / DAY_SECONDS / 365), step;
    int free_from = 0;

    fhir_date_from_days(drawing->first / DAY_SECONDS, &first);
    step = years * 6 > drawing->middle ? (years * 6 + drawing->middle - 1) / drawing->middle : 1;
    memset(line, ' ', sizeof(line));
    for (unsigned year = 0; year < years; year += step) {
        int column;
        char text[8];

        day.year = (int16_t)(first.year + (int)year);
        column = column_of(drawing, fhir_date_days(&day) * DAY_SECONDS);
        if (column < free_from || column + 4 > (int)drawing->middle)
            continue;
        snprintf(text, sizeof(text), "%04d", day.year);
        memcpy(line + column, text, 4);
        free_from = column + 5;
    }
    put_spaces(&drawing->out, LABEL_COLUMNS + 1);
    buffer_format(&drawing->out, "%s%.*s%s\n", paint(PAINT_DIM), (int)drawing->middle, line,
                  paint(PAINT_PLAIN));
}

/* ---- rows ---- */

static bool is_row_of(const struct row *row, const struct fact *fact, const struct measure *measure)
{
    struct slice label = measure != NULL && measure->label.size > 0 ? measure->label : fact->label;

    return row->newest->kind == fact->kind && slice_equal(row->label, label)
           && slice_equal(row->newest->noun, fact->noun);
}

static void add_to_row(struct drawing *drawing, const struct fact *fact,
                       const struct measure *measure)
{
    uint32_t at = 0;

    while (at < drawing->rows_count && !is_row_of(&drawing->rows[at], fact, measure))
        at++;
    if (at == ROWS_MAX)
        return;
    if (at == drawing->rows_count)
        drawing->rows[drawing->rows_count++].label =
            measure != NULL && measure->label.size > 0 ? measure->label : fact->label;
    drawing->rows[at].newest = fact;
    drawing->rows[at].measure = measure;
    drawing->rows[at].count++;
}

static int compare_rows(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    int order = (int)y->newest->is_active - (int)x->newest->is_active;

    if (order == 0 && x->measure != NULL && y->measure != NULL && x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return order != 0 ? order : fact_compare(y->newest, x->newest);
}

/* The rows of one kind: what lasts by name, measurements by what is measured; those that hold now
 * first, then the newest, or of measurements the most frequent. */
static void find_rows(struct drawing *drawing, enum fact_kind kind)
{
    memset(drawing->rows, 0, drawing->rows_count * sizeof(*drawing->rows));
    drawing->rows_count = 0;
    for (size_t i = 0; i < drawing->record->count; i++) {
        const struct fact *fact = &drawing->record->facts[i];

        if (fact->is_void || fact->kind != kind || !fact_happened(fact))
            continue;
        if (kind != FACT_OBSERVATION)
            add_to_row(drawing, fact, NULL);
        for (uint32_t m = 0; kind == FACT_OBSERVATION && m < fact->measures_count; m++)
            add_to_row(drawing, fact, &fact->measures[m]);
    }
    qsort(drawing->rows, drawing->rows_count, sizeof(*drawing->rows), compare_rows);
}

/* ---- bars ---- */

enum cell { CELL_EMPTY, CELL_UNSURE, CELL_POINT, CELL_BAR };

static void mark(struct drawing *drawing, unsigned char *cells, int from, int to, enum cell cell)
{
    for (int i = from < 0 ? 0 : from; i <= to && i < (int)drawing->middle; i++)
        if (cells[i] < cell)
            cells[i] = (unsigned char)cell;
}

/* From its date to its end; where nobody knows the end, a point. */
static void mark_fact(struct drawing *drawing, const struct fact *fact, unsigned char *cells)
{
    int from = is_dated(&fact->date) ? column_of(drawing, fact->date.seconds) : -1;
    int to = from;

    if (is_dated(&fact->end))
        to = column_of(drawing, fact->end.seconds);
    else if (fact->is_active)
        to = (int)drawing->middle - 1;
    if (!is_dated(&fact->date) && !fact->is_active)
        return;
    mark(drawing, cells, from, to,
         !is_dated(&fact->date) ? CELL_UNSURE
         : to > from            ? CELL_BAR
                                : CELL_POINT);
}

static void put_cells(struct drawing *drawing, const unsigned char *cells)
{
    static const char *const shapes[] = { " ", "╌", "●", "━" };

    for (unsigned i = 0; i < drawing->middle; i++)
        buffer_put_string(&drawing->out, shapes[cells[i]]);
}

static void put_bar_row(struct drawing *drawing, const struct row *row)
{
    unsigned char cells[COLUMNS_MAX] = { 0 };
    const struct fact *newest = row->newest;
    char day[FHIR_DATE_TEXT_BYTES];
    struct slice status;

    for (size_t i = 0; i < drawing->record->count; i++) {
        const struct fact *fact = &drawing->record->facts[i];

        if (!fact->is_void && fact_happened(fact) && is_row_of(row, fact, NULL))
            mark_fact(drawing, fact, cells);
    }
    put_label(drawing, row->label);
    buffer_put_string(&drawing->out, newest->is_active ? paint(PAINT_NOTE) : paint(PAINT_DIM));
    put_cells(drawing, cells);
    buffer_put_string(&drawing->out, paint(PAINT_PLAIN));
    fhir_date_format(is_dated(&newest->end) ? &newest->end : &newest->date, day);
    if (newest->is_active) {
        status = cut_to(newest->status, RIGHT_COLUMNS - 1);
        buffer_format(&drawing->out, " %.*s", SLICE_FORMAT(status));
    } else {
        status = cut_to(newest->status, RIGHT_COLUMNS - 2 - (unsigned)strlen(day));
        buffer_format(&drawing->out, " %s%.*s %s%s", paint(PAINT_DIM), SLICE_FORMAT(status), day,
                      paint(PAINT_PLAIN));
    }
    buffer_put_byte(&drawing->out, '\n');
}

static void put_bars(struct drawing *drawing, const char *heading, enum fact_kind kind,
                     uint32_t past_max)
{
    uint32_t past = 0;

    find_rows(drawing, kind);
    if (drawing->rows_count == 0)
        return;
    put_heading(drawing, heading);
    for (uint32_t i = 0; i < drawing->rows_count; i++) {
        past += !drawing->rows[i].newest->is_active;
        if (past <= past_max)
            put_bar_row(drawing, &drawing->rows[i]);
    }
    if (past > past_max)
        buffer_format(&drawing->out, "%sand %u that are over%s\n", paint(PAINT_DIM),
                      past - past_max, paint(PAINT_PLAIN));
}

static void put_list(struct drawing *drawing, const char *heading, enum fact_kind kind)
{
    find_rows(drawing, kind);
    if (drawing->rows_count == 0)
        return;
    put_heading(drawing, heading);
    for (uint32_t i = 0; i < drawing->rows_count; i++) {
        const struct fact *fact = drawing->rows[i].newest;
        const char *line = arena_format(
            &drawing->arena, "%.*s%s%.*s%s%s%.*s", SLICE_FORMAT(fact->label),
            fact->value.size > 0 ? " (" : "", SLICE_FORMAT(fact->value),
            fact->value.size > 0 ? ")" : "", fact->is_active || fact->status.size == 0 ? "" : ", ",
            (int)(fact->is_active ? 0 : fact->status.size), fact->status.data);

        if (line != NULL)
            buffer_put(&drawing->out, cut_to(slice_from(line), drawing->columns));
        buffer_put_byte(&drawing->out, '\n');
    }
}

/* ---- encounters ---- */

static void put_visit_row(struct drawing *drawing, const char *label, bool (*is_of)(struct slice))
{
    static const char *const shapes[] = { " ", "·", "•", "●" };
    unsigned counts[COLUMNS_MAX] = { 0 }, total = 0;

    for (size_t i = 0; i < drawing->record->count; i++) {
        const struct fact *fact = &drawing->record->facts[i];
        int column;

        if (fact->is_void || fact->kind != FACT_ENCOUNTER || !is_dated(&fact->date)
            || !is_of(fact->value.size > 0 ? fact->value : fact->label))
            continue;
        total++;
        column = column_of(drawing, fact->date.seconds);
        if (column >= 0 && column < (int)drawing->middle)
            counts[column]++;
    }
    if (total == 0)
        return;
    put_label(drawing, slice_from(label));
    for (unsigned i = 0; i < drawing->middle; i++)
        buffer_put_string(&drawing->out, shapes[counts[i] > 3 ? 3 : counts[i] > 1 ? 2 : counts[i]]);
    buffer_format(&drawing->out, " %u\n", total);
}

static bool is_inpatient(struct slice class)
{
    return slice_is(class, "inpatient") || slice_is(class, "short stay")
           || slice_is(class, "observation");
}

static bool is_emergency(struct slice class)
{
    return slice_is(class, "emergency");
}

static bool is_visit(struct slice class)
{
    return !is_inpatient(class) && !is_emergency(class);
}

/* ---- sparklines ---- */

struct cells {
    double sum[COLUMNS_MAX];
    unsigned count[COLUMNS_MAX];
    bool is_flagged[COLUMNS_MAX];
    double low, high;
};

static void add_value(struct drawing *drawing, const struct fact *fact,
                      const struct measure *measure, struct slice unit, struct cells *cells)
{
    struct unit from, to;
    double value = decimal_value(&measure->value);
    int column = column_of(drawing, fact->date.seconds);

    if (!slice_equal(measure->unit, unit)
        && (!unit_parse(measure->unit, &from) || !unit_parse(unit, &to)
            || !unit_convert(value, &from, &to,
                             analyte_find(measure->codes.size > 0 ? measure->codes : fact->codes),
                             &value)))
        return;
    if (column < 0 || column >= (int)drawing->middle)
        return;
    cells->low = value < cells->low ? value : cells->low;
    cells->high = value > cells->high ? value : cells->high;
    cells->sum[column] += value;
    cells->count[column]++;
    cells->is_flagged[column] |= fact->flag != FACT_FLAG_NONE;
}

static void put_spark(struct drawing *drawing, const struct cells *cells)
{
    static const char *const shapes[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };

    for (unsigned i = 0; i < drawing->middle; i++) {
        double value = cells->sum[i] / cells->count[i];
        int height = cells->high > cells->low
                         ? (int)((value - cells->low) / (cells->high - cells->low) * 7.999)
                         : 3;

        if (cells->count[i] == 0)
            buffer_put_byte(&drawing->out, ' ');
        else
            buffer_format(&drawing->out, "%s%s%s",
                          paint(cells->is_flagged[i] ? PAINT_BAD : PAINT_NOTE), shapes[height],
                          paint(PAINT_PLAIN));
    }
}

/* "(18.5–25)", "(≥94)"; nothing where the record gives no range. */
static struct slice range_text(struct drawing *drawing, const struct measure *measure)
{
    double low = decimal_value(&measure->low), high = decimal_value(&measure->high);
    const char *text = NULL;

    if (measure->low.is_given && measure->high.is_given)
        text = arena_format(&drawing->arena, " (%.4g–%.4g)", low, high);
    else if (measure->low.is_given || measure->high.is_given)
        text = arena_format(&drawing->arena, " (%s%.4g)", measure->low.is_given ? "≥" : "≤",
                            measure->low.is_given ? low : high);
    return text == NULL ? (struct slice){ NULL, 0 } : slice_from(text);
}

/* The last value; then what fits of its unit, and the range where all of it does. */
static void put_last(struct drawing *drawing, const struct row *row)
{
    static const char *const flags[] = { "", "↓", "↑", "!" };
    const struct measure *measure = row->measure;
    const struct fact *fact = row->newest;
    const char *value = arena_format(&drawing->arena, "%s%.4g", measure_bound_text(measure->bound),
                                     decimal_value(&measure->value));
    struct slice range = range_text(drawing, measure), unit;
    unsigned left;

    if (value == NULL)
        return;
    left = RIGHT_COLUMNS - 2 - columns_of_text(slice_from(value)) - (fact->flag != FACT_FLAG_NONE);
    unit = cut_to(measure->unit, left);
    left -= columns_of_text(unit);
    buffer_format(&drawing->out, " %s%s%s%s %.*s", paint(fact->flag ? PAINT_BAD : PAINT_BOLD),
                  value, flags[fact->flag], paint(PAINT_PLAIN), SLICE_FORMAT(unit));
    if (columns_of_text(range) <= left)
        buffer_format(&drawing->out, "%s%.*s%s", paint(PAINT_DIM), SLICE_FORMAT(range),
                      paint(PAINT_PLAIN));
    buffer_put_byte(&drawing->out, '\n');
}

static void put_spark_row(struct drawing *drawing, const struct row *row)
{
    struct cells *cells = ARENA_NEW(&drawing->arena, struct cells);

    if (cells == NULL)
        return;
    cells->low = INFINITY;
    cells->high = -INFINITY;
    for (size_t i = 0; i < drawing->record->count; i++) {
        const struct fact *fact = &drawing->record->facts[i];

        for (uint32_t m = 0; m < fact->measures_count; m++)
            if (!fact->is_void && fact_happened(fact) && is_dated(&fact->date)
                && is_row_of(row, fact, &fact->measures[m]))
                add_value(drawing, fact, &fact->measures[m], row->measure->unit, cells);
    }
    put_label(drawing, row->label);
    put_spark(drawing, cells);
    put_last(drawing, row);
}

static void put_measurements(struct drawing *drawing, uint32_t rows_max)
{
    find_rows(drawing, FACT_OBSERVATION);
    if (drawing->rows_count == 0)
        return;
    put_heading(drawing, "Measurements");
    for (uint32_t i = 0; i < drawing->rows_count && i < rows_max; i++)
        put_spark_row(drawing, &drawing->rows[i]);
    if (drawing->rows_count > rows_max)
        buffer_format(&drawing->out, "%sand %u others%s\n", paint(PAINT_DIM),
                      drawing->rows_count - rows_max, paint(PAINT_PLAIN));
}

/* ---- all ---- */

static void put_picture(struct drawing *drawing)
{
    for (size_t i = 0; i < drawing->record->count; i++)
        if (drawing->record->facts[i].kind == FACT_DEMOGRAPHICS
            && !drawing->record->facts[i].is_void)
            buffer_format(&drawing->out, "%s%.*s%s, %zu facts\n", paint(PAINT_BOLD),
                          SLICE_FORMAT(drawing->record->facts[i].label), paint(PAINT_PLAIN),
                          drawing->record->live);
    put_axis(drawing);
    put_bars(drawing, "Problems", FACT_CONDITION, 8);
    put_bars(drawing, "Medications", FACT_MEDICATION, 6);
    put_list(drawing, "Allergies", FACT_ALLERGY);
    put_measurements(drawing, 16);
    put_heading(drawing, "Encounters");
    put_visit_row(drawing, "inpatient", is_inpatient);
    put_visit_row(drawing, "emergency", is_emergency);
    put_visit_row(drawing, "visits", is_visit);
}

enum status timeline_draw(const struct record *record, FILE *file, struct error *err)
{
    struct drawing drawing = { .record = record };
    bool is_full;

    arena_init(&drawing.arena, 256 * MIB);
    buffer_init(&drawing.out, &drawing.arena);
    drawing.columns = terminal_columns();
    drawing.middle = drawing.columns - LABEL_COLUMNS - RIGHT_COLUMNS - 1;
    drawing.rows = ARENA_ARRAY(&drawing.arena, struct row, ROWS_MAX);
    if (drawing.rows != NULL) {
        find_axis(&drawing);
        put_picture(&drawing);
        fwrite(drawing.out.data, 1, drawing.out.size, file);
    }
    is_full = drawing.rows == NULL || drawing.out.is_full;
    arena_close(&drawing.arena);
    return is_full ? error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to draw %zu facts",
                               record->live)
                   : STATUS_OK;
}
