/* A later bundle joins the record: by resource, newest version first. */
#ifndef CONTEXT_MERGE_H
#define CONTEXT_MERGE_H

#include "context_parse.h"
#include "context_record.h"

/* Merge @parsed into @old (NULL: no record yet). @facts are in @arena and borrow their text from
 * @old and @parsed; record_index comes next.
 *
 * A resource that the record holds in a newer version (meta.lastUpdated, else meta.versionId) is
 * "superseded"; the same resource twice,
 * and one that says what another says of the same moment (fact_says_the_same), are "duplicate".
 * These counts are added to parsed->reasons. What is void (entered in error, refuted, deleted)
 * takes the place of what it was, and is no fact; where it does not say its version, the one after
 * what it took back. @as_facts counts the bundle's resources that are facts of the record now; with
 * the reasons they add up to parsed->resources. */
enum status context_merge(const struct record *old, struct parsed *parsed, struct arena *arena,
                          struct fact **facts, size_t *count, uint32_t *as_facts,
                          struct error *err);

/* Whether two facts are of one resource, and its hash: by reference. One patient has one Patient
 * resource, whatever its id is called this time. */
bool merge_is_same_resource(const struct fact *a, const struct fact *b);
uint64_t merge_reference_hash(const struct fact *fact);

/* <0: @a is older; 0: the same, or it cannot be said. */
int merge_compare_versions(const struct fact *a, const struct fact *b);

/* What takes @kept back without saying which version it is comes after it: @kept must not come back
 * with an older bundle. Any other @taken stays as it is. */
void merge_follow(const struct fact *kept, struct fact *taken, struct arena *arena);

#endif
