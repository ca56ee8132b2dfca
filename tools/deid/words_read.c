#include "words_read.h"

#include <math.h>
#include <stdlib.h>

#include "deid_lexicon.h"
#include "words_section.h"

#define FILMS_WORDS_MILLIONS 51.0
#define SHARE_UNRANKED 2e-6 /* of a name that is in a list without an order */

/* The next line of @rest, without its end. */
static bool line_next(struct slice *rest, struct slice *line)
{
    size_t end = slice_find_byte(*rest, '\n');

    if (rest->size == 0)
        return false;
    *line = slice_trim(slice_cut(*rest, 0, end));
    *rest = slice_cut(*rest, end + 1, rest->size);
    return true;
}

/* What stands between the first two @quote of @line. */
static bool quoted(struct slice line, char quote, struct slice *inside)
{
    size_t start = slice_find_byte(line, quote), end;

    if (start == line.size)
        return false;
    *inside = slice_cut(line, start + 1, line.size);
    end = slice_find_byte(*inside, quote);
    if (end == inside->size)
        return false;
    *inside = slice_cut(*inside, 0, end);
    return true;
}

enum status words_read_list(struct words_table *table, struct slice file, struct error *err)
{
    uint32_t flag = 0;
    size_t at = 0;

    while (at < file.size) {
        size_t start;
        struct slice word;
        struct words_row *row;

        while (at < file.size && file.data[at] <= ' ' && file.data[at] >= 0)
            at++;
        for (start = at; at < file.size && (file.data[at] > ' ' || file.data[at] < 0);)
            at++;
        word = slice_cut(file, start, at);
        if (word.size == 0)
            continue;
        if (word.data[0] == '[') {
            flag = words_section_flag(slice_cut(word, 1, word.size - 1));
            if (flag == 0)
                return error_set(err, STATUS_INVALID_ARGUMENT, "an unknown section");
            continue;
        }
        row = words_table_row(table, word);
        if (row != NULL)
            row->flags |= flag;
    }
    return STATUS_OK;
}

/* Of the people of the Census, the share of the name of @rank (from 1): straight lines between
 * known points, both scales logarithmic. */
static double share_of_rank(const double (*points)[2], unsigned count, unsigned rank)
{
    double x = log(rank);
    unsigned i = 1;

    while (i + 1 < count && log(points[i][0]) < x)
        i++;
    return exp(log(points[i - 1][1])
               + (x - log(points[i - 1][0])) * (log(points[i][1]) - log(points[i - 1][1]))
                     / (log(points[i][0]) - log(points[i - 1][0])));
}

static const double points_given[][2] = { { 1, 0.03 },     { 10, 0.012 },    { 100, 0.0021 },
                                          { 500, 0.0003 }, { 1000, 0.0001 }, { 4300, 1e-5 } };
static const double points_family[][2] = { { 1, 0.0101 },     { 10, 0.0039 },    { 100, 0.001 },
                                           { 1000, 0.00014 }, { 10000, 1.1e-5 }, { 90000, 5e-7 } };

enum status words_read_census(struct words_table *table, struct slice file, struct error *err)
{
    struct slice line, name;
    bool is_family = false;
    unsigned rank = 0, lists = 0;

    while (line_next(&file, &line)) {
        if (slice_starts_with(line, SLICE("module.exports."))) {
            is_family = slice_starts_with(line, SLICE("module.exports.last"));
            rank = 0;
            lists++;
        } else if (lists > 0 && quoted(line, '\'', &name)) {
            struct words_row *row = words_table_row(table, name);
            rank++;
            if (row == NULL)
                continue;
            if (is_family)
                row->family += share_of_rank(points_family, 6, rank);
            else /* men and women are half of the people each */
                row->given += share_of_rank(points_given, 6, rank) / 2;
        }
    }
    return lists == 3 ? STATUS_OK : error_set(err, STATUS_INVALID_ARGUMENT, "no three lists");
}

enum status words_read_names(struct words_table *table, struct slice file, struct error *err)
{
    struct slice line;

    (void)err;
    while (line_next(&file, &line)) {
        size_t dash = slice_find_byte(line, '-');
        struct words_row *row;

        if (line.size < 3 || slice_find_byte(line, ' ') < line.size)
            continue;
        row = words_table_row(table, slice_cut(line, 0, dash));
        if (row != NULL && dash >= 3)
            row->family += SHARE_UNRANKED;
    }
    return STATUS_OK;
}

enum status words_read_films(struct words_table *table, struct slice file, struct error *err)
{
    struct slice line, word = { NULL, 0 };
    unsigned count = 0;

    while (line_next(&file, &line)) {
        size_t colon = slice_find_byte(line, ':');
        struct words_row *row;

        if (slice_starts_with(line, SLICE("\"word\"")))
            quoted(slice_cut(line, colon, line.size), '"', &word);
        if (!slice_starts_with(line, SLICE("\"count\"")) || word.size < 2)
            continue;
        row = words_table_row(table, word);
        if (row != NULL) {
            double use = strtod(line.data + colon + 1, NULL) / FILMS_WORDS_MILLIONS;
            /* Mostly written with a capital: mostly a name. */
            bool is_capital = word.data[0] >= 'A' && word.data[0] <= 'Z';
            row->use = fmax(row->use, is_capital ? -use : use);
            count++;
        }
    }
    return count > 1000 ? STATUS_OK : error_set(err, STATUS_INVALID_ARGUMENT, "no words");
}

enum status words_read_english(struct words_table *table, struct slice file, unsigned level,
                               struct error *err)
{
    double use = level <= 10   ? 30
                 : level <= 20 ? 5
                 : level <= 35 ? 1
                 : level <= 50 ? 0.3
                 : level <= 60 ? 0.1
                 : level <= 70 ? 0.05
                               : 0.01;
    struct slice line;

    (void)err;
    while (line_next(&file, &line)) {
        struct words_row *row;

        if (line.size < 2 || slice_ends_with(line, SLICE("'s")))
            continue;
        row = words_table_row(table, line);
        if (row == NULL)
            continue;
        row->flags |= DEID_WORD_ENGLISH;
        /* A word that films mostly write with a capital is used as a word now and then. */
        row->use = row->use < 0 ? fmax(use, -row->use * 0.15) : fmax(row->use, use);
    }
    return STATUS_OK;
}
