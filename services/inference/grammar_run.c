/*     try → each item's move by the byte → add
 *     add → the item is new: is its rule over? → finish → add what waited for it
 *                            does it call rules? → begin → a frame, the item that begins it
 *
 * A rule that may be empty is not finished in the set in which it begins: what waits for it goes on
 * at once. */
#include "grammar_run.h"

#include <stdlib.h>
#include <string.h>

#define ROOT_FRAME 0

/* So many items are looked through one by one; more are looked up. */
#define LISTED_MAX 12
#define KNOWN_SLOTS (2 * GRAMMAR_ITEMS_MAX)

/* What may follow a rule anywhere is followed where it is no more than this. */
#define SITES_MAX 256

struct grammar_begun {
    uint64_t set;
    uint32_t frame;
};

struct grammar_known {
    uint64_t set;
    uint32_t item;
};

/* Memory
 * ----------------------------------------------------------------------------------------- */

static bool grow(void **items, uint32_t *capacity, uint32_t count, size_t size, uint32_t count_max)
{
    uint32_t wanted = *capacity == 0 ? 64 : *capacity * 2;
    void *grown;

    if (count < *capacity)
        return true;
    if (count >= count_max)
        return false;
    grown = realloc(*items, wanted * size);
    if (grown == NULL)
        return false;
    *items = grown;
    *capacity = wanted;
    return true;
}

/* Items
 * ------------------------------------------------------------------------------------------ */

static bool is_same(const struct grammar_item *a, const struct grammar_item *b)
{
    return a->state == b->state && a->frame == b->frame && a->count == b->count;
}

static bool is_listed(const struct grammar_run *run, const struct grammar_set *set,
                      const struct grammar_item *item)
{
    for (uint32_t i = 0; i < set->items_count; i++) {
        if (is_same(&run->items[set->items_start + i], item))
            return true;
    }
    return false;
}

static struct grammar_known *find_known(struct grammar_run *run, const struct grammar_set *set,
                                        const struct grammar_item *item)
{
    uint64_t hash = ((uint64_t)item->state << 32 | item->frame) * 0x9e3779b97f4a7c15u
                    ^ item->count * 0xd6e8feb86659fd93u;

    for (hash ^= hash >> 29;; hash++) {
        struct grammar_known *known = &run->known[hash % KNOWN_SLOTS];

        if (known->set != set->number || is_same(&run->items[known->item], item))
            return known;
    }
}

/* From the list to the table, once the list is long. */
static bool know_all(struct grammar_run *run, const struct grammar_set *set)
{
    if (run->known == NULL)
        run->known = calloc(KNOWN_SLOTS, sizeof(*run->known));
    for (uint32_t i = 0; run->known != NULL && i < set->items_count; i++) {
        uint32_t at = set->items_start + i;

        *find_known(run, set, &run->items[at]) = (struct grammar_known){ set->number, at };
    }
    return run->known != NULL;
}

static void add(struct grammar_run *run, struct grammar_item item)
{
    struct grammar_set *set = &run->sets[run->depth];
    uint32_t at = set->items_start + set->items_count;
    struct grammar_known *known = NULL;

    run->is_full |= run->steps_max > 0 && run->steps++ >= run->steps_max;
    if (run->is_full)
        return;
    if (set->items_count < LISTED_MAX) {
        if (is_listed(run, set, &item))
            return;
    } else {
        run->is_full = set->items_count == LISTED_MAX && !know_all(run, set);
        if (run->is_full)
            return;
        known = find_known(run, set, &item);
        if (known->set == set->number)
            return;
    }
    run->is_full |=
        set->items_count == GRAMMAR_ITEMS_MAX
        || !grow((void **)&run->items, &run->items_capacity, at, sizeof(item), UINT32_MAX / 2);
    if (run->is_full)
        return;
    if (known != NULL)
        *known = (struct grammar_known){ set->number, at };
    run->items[at] = item;
    set->items_count++;
}

/* Frames
 * ----------------------------------------------------------------------------------------- */

static bool is_first(const struct grammar_run *run, const struct grammar_item *item)
{
    return run->is_sample && item->frame == ROOT_FRAME;
}

uint32_t grammar_run_taken(const struct grammar_run *run, const struct grammar_item *item)
{
    if (is_first(run, item))
        return item->count;
    return (item->frame & GRAMMAR_FRAME_ANY) != 0 ? 0 : run->frames[item->frame].taken;
}

static void put_waiter(struct grammar_run *run, uint32_t frame, struct grammar_item item)
{
    struct grammar_set *set = &run->sets[run->depth];

    run->is_full |= !grow((void **)&run->waiters, &run->waiters_capacity, set->waiters_count,
                          sizeof(*run->waiters), 4 * GRAMMAR_FRAMES_MAX);
    if (run->is_full)
        return;
    run->waiters[set->waiters_count] = (struct grammar_waiter){ item, run->frames[frame].waiters };
    run->frames[frame].waiters = set->waiters_count++;
}

/* Nothing is left to do for @item but to finish its rule too: who waits for that can wait for this
 * at once, so that lists that recur from the right do not grow. Not where its frame may get more
 * waiters. */
static bool is_tail(const struct grammar_run *run, const struct grammar_item *item)
{
    return (run->machine->flags[item->state] & GRAMMAR_STATE_LAST) != 0
           && (item->frame & GRAMMAR_FRAME_ANY) == 0 && !run->is_sample
           && run->frames[item->frame].set != run->sets[run->depth].number
           && item->frame != ROOT_FRAME;
}

static bool is_waiting(struct grammar_run *run, uint32_t frame, const struct grammar_item *item)
{
    for (uint32_t at = run->frames[frame].waiters; at != GRAMMAR_NONE; at = run->waiters[at].next) {
        run->steps++;
        if (is_same(&run->waiters[at].item, item))
            return true;
    }
    return false;
}

static void wait_for(struct grammar_run *run, uint32_t frame, struct grammar_item item)
{
    if (!is_tail(run, &item)) {
        put_waiter(run, frame, item);
        return;
    }
    for (uint32_t at = run->frames[item.frame].waiters; at != GRAMMAR_NONE && !run->is_full;
         at = run->waiters[at].next) {
        struct grammar_item waiter = run->waiters[at].item;

        if (!is_waiting(run, frame, &waiter))
            put_waiter(run, frame, waiter);
    }
}

/* The frame of @rule that begins here; *is_new: there was none. */
static uint32_t frame_of(struct grammar_run *run, uint32_t rule, bool is_sure, bool *is_new)
{
    struct grammar_set *set = &run->sets[run->depth];
    struct grammar_begun *begun = &run->begun[rule * 2 + is_sure];

    *is_new = begun->set != set->number;
    if (!*is_new)
        return begun->frame;
    run->is_full |= !grow((void **)&run->frames, &run->frames_capacity, set->frames_count,
                          sizeof(*run->frames), GRAMMAR_FRAMES_MAX);
    if (run->is_full)
        return ROOT_FRAME;
    *begun = (struct grammar_begun){ set->number, set->frames_count };
    run->frames[set->frames_count] = (struct grammar_frame){
        .set = set->number, .waiters = GRAMMAR_NONE, .taken = UINT32_MAX, .is_sure = is_sure
    };
    return set->frames_count++;
}

/* @item calls @rule and goes on as @next. */
static void begin(struct grammar_run *run, const struct grammar_item *item, uint32_t rule,
                  struct grammar_item next)
{
    bool is_new, is_counted = (run->machine->flags[item->state] & GRAMMAR_STATE_COUNTED) != 0;
    uint32_t taken = grammar_run_taken(run, is_counted ? &next : item);
    uint32_t frame = frame_of(run, rule, grammar_run_is_sure(run, item), &is_new);

    if (run->is_full)
        return;
    if (taken < run->frames[frame].taken) {
        if (!is_new)
            run->sets[run->depth].is_doubtful = true;
        run->frames[frame].taken = taken;
    }
    wait_for(run, frame, next);
    if (is_new)
        add(run, (struct grammar_item){ run->machine->rules[rule].start, frame, 0 });
    if (run->machine->rules[rule].is_nullable && !is_counted)
        add(run, next);
}

/* What may follow @rule, wherever it was called. */
static void finish_any(struct grammar_run *run, uint32_t rule)
{
    const struct grammar_machine *machine = run->machine;
    uint32_t start = machine->rules[rule].sites_start, end = machine->rules[rule + 1].sites_start;

    if (end - start > SITES_MAX) {
        run->sets[run->depth].is_unknown = true;
        return;
    }
    for (uint32_t i = start; i < end; i++) {
        uint32_t state = machine->sites[i];

        /* How often a counted rule has been taken is not known either. */
        if ((machine->flags[state] & GRAMMAR_STATE_COUNTED) != 0)
            run->sets[run->depth].is_unknown = true;
        else
            add(run,
                (struct grammar_item){ state, GRAMMAR_FRAME_ANY | machine->state_rules[state], 0 });
    }
}

static void finish(struct grammar_run *run, const struct grammar_item *item)
{
    struct grammar_set *set = &run->sets[run->depth];

    if ((item->frame & GRAMMAR_FRAME_ANY) != 0 || is_first(run, item)) {
        if (run->depth > 0)
            finish_any(run, run->machine->state_rules[item->state]);
        return;
    }
    if (item->frame == ROOT_FRAME)
        set->is_complete = true;
    if (run->frames[item->frame].set == set->number)
        return;
    for (uint32_t at = run->frames[item->frame].waiters; at != GRAMMAR_NONE && !run->is_full;
         at = run->waiters[at].next)
        add(run, run->waiters[at].item);
}

static void expand_counted(struct grammar_run *run, const struct grammar_item *item)
{
    const struct grammar_machine *machine = run->machine;
    const struct grammar_machine_rule *rule = &machine->rules[machine->state_rules[item->state]];
    struct grammar_item next = *item;

    /* In a sample a count is from somewhere on: it may have reached its least, and not its most. */
    if (item->count >= rule->min || is_first(run, item))
        finish(run, item);
    /* Beyond its least, one that has no most does not count on. */
    if (rule->max != GRAMMAR_FOREVER || item->count < rule->min || is_first(run, item))
        next.count++;
    if ((item->count < rule->max || is_first(run, item))
        && machine->calls_start[item->state] < machine->calls_start[item->state + 1])
        begin(run, item, machine->calls[machine->calls_start[item->state]].rule, next);
}

/* What follows from @item without a byte. */
static void expand(struct grammar_run *run, struct grammar_item item)
{
    const struct grammar_machine *machine = run->machine;

    if ((machine->flags[item.state] & GRAMMAR_STATE_COUNTED) != 0) {
        expand_counted(run, &item);
        return;
    }
    if ((machine->flags[item.state] & GRAMMAR_STATE_FINAL) != 0)
        finish(run, &item);
    for (uint32_t i = machine->calls_start[item.state];
         i < machine->calls_start[item.state + 1] && !run->is_full; i++) {
        struct grammar_item next = { machine->calls[i].to, item.frame, 0 };

        begin(run, &item, machine->calls[i].rule, next);
    }
}

/* Sets
 * ------------------------------------------------------------------------------------------- */

static void begin_set(struct grammar_run *run, const struct grammar_set *before)
{
    run->sets[run->depth] = (struct grammar_set){
        .number = ++run->number,
        .items_start = before->items_start + before->items_count,
        .frames_count = before->frames_count,
        .waiters_count = before->waiters_count,
        .is_unknown = before->is_unknown,
        .is_doubtful = before->is_doubtful,
    };
}

static void expand_set(struct grammar_run *run)
{
    const struct grammar_set *set = &run->sets[run->depth];

    for (uint32_t i = 0; i < set->items_count && !run->is_full; i++)
        expand(run, run->items[set->items_start + i]);
}

static bool try_items(struct grammar_run *run, uint8_t byte);

/* The same for one item, which nearly always goes on to one that neither calls nor ends. */
static bool try_one(struct grammar_run *run, uint8_t byte)
{
    const struct grammar_machine *machine = run->machine;
    const struct grammar_set *before = &run->sets[run->depth];
    struct grammar_item item = run->items[before->items_start];
    uint32_t at = before->items_start + 1;
    uint16_t to = grammar_move(machine, item.state, byte);

    if (to == GRAMMAR_NO_MOVE)
        return false;
    if ((machine->flags[to] & GRAMMAR_STATE_PLAIN) == 0 || at >= run->items_capacity)
        return try_items(run, byte);
    run->depth++;
    begin_set(run, before);
    run->steps++;
    run->items[at] = (struct grammar_item){ to, item.frame, 0 };
    run->sets[run->depth].items_count = 1;
    return true;
}

static bool try_items(struct grammar_run *run, uint8_t byte)
{
    const struct grammar_machine *machine = run->machine;
    const struct grammar_set *before = &run->sets[run->depth];
    struct grammar_set *set = &run->sets[run->depth + 1];
    bool is_plain = true;

    run->depth++;
    begin_set(run, before);
    for (uint32_t i = 0; i < before->items_count; i++) {
        struct grammar_item item = run->items[before->items_start + i];
        uint16_t to = grammar_move(machine, item.state, byte);

        if (to == GRAMMAR_NO_MOVE)
            continue;
        is_plain &= (machine->flags[to] & GRAMMAR_STATE_PLAIN) != 0;
        add(run, (struct grammar_item){ to, item.frame, 0 });
    }
    if (!is_plain)
        expand_set(run);
    if ((set->items_count > 0 || set->is_unknown) && !run->is_full)
        return true;
    run->depth--;
    return false;
}

bool grammar_run_try(struct grammar_run *run, uint8_t byte)
{
    const struct grammar_set *before = &run->sets[run->depth];

    if (run->is_full || run->depth + 1 == GRAMMAR_TRIED_MAX)
        return false;
    return before->items_count == 1 && !before->is_unknown ? try_one(run, byte)
                                                           : try_items(run, byte);
}

void grammar_run_settle(struct grammar_run *run)
{
    struct grammar_set *set = &run->sets[0];

    if (run->depth == 0)
        return;
    *set = run->sets[run->depth];
    memmove(run->items, run->items + set->items_start, set->items_count * sizeof(*run->items));
    set->items_start = 0;
    run->depth = 0;
}

/* Where it begins
 * ---------------------------------------------------------------------------------- */

static void begin_at(struct grammar_run *run, uint32_t state)
{
    struct grammar_set nothing = { 0 };

    run->depth = 0;
    begin_set(run, &nothing);
    run->sets[0].frames_count = 1;
    run->frames[ROOT_FRAME] = (struct grammar_frame){ .waiters = GRAMMAR_NONE, .is_sure = true };
    add(run, (struct grammar_item){ state, ROOT_FRAME, 0 });
    expand_set(run);
}

static bool allocate(struct grammar_run *run, const struct grammar_machine *machine)
{
    *run = (struct grammar_run){ .machine = machine };
    run->begun = calloc((size_t)machine->rules_count * 2, sizeof(*run->begun));
    return run->begun != NULL
           && grow((void **)&run->frames, &run->frames_capacity, 0, sizeof(*run->frames), 1);
}

enum status grammar_run_init(struct grammar_run *run, const struct grammar_machine *machine,
                             struct error *err)
{
    if (!allocate(run, machine))
        run->is_full = true;
    else
        begin_at(run, machine->rules[0].start);
    if (!run->is_full)
        return STATUS_OK;
    grammar_run_close(run);
    return error_set(err, STATUS_RESOURCE_EXHAUSTED,
                     "no memory for a grammar, or it can be begun in over %d ways",
                     GRAMMAR_ITEMS_MAX);
}

void grammar_run_sample(struct grammar_run *run, uint32_t state)
{
    run->is_sample = true;
    run->is_full = false;
    begin_at(run, state);
}

static void *copy_of(const void *items, uint32_t count, size_t size)
{
    void *copy = malloc((count + 1) * size);

    if (copy != NULL && count > 0)
        memcpy(copy, items, count * size);
    return copy;
}

enum status grammar_run_copy(struct grammar_run *run, const struct grammar_run *from,
                             struct error *err)
{
    const struct grammar_set *set = &from->sets[0];

    *run = (struct grammar_run){ .machine = from->machine, .number = from->number };
    run->is_full = from->is_full;
    run->sets[0] = *set;
    run->items = copy_of(from->items, set->items_count, sizeof(*run->items));
    run->items_capacity = set->items_count + 1;
    run->frames = copy_of(from->frames, set->frames_count, sizeof(*run->frames));
    run->frames_capacity = set->frames_count + 1;
    run->waiters = copy_of(from->waiters, set->waiters_count, sizeof(*run->waiters));
    run->waiters_capacity = set->waiters_count + 1;
    run->begun = calloc((size_t)from->machine->rules_count * 2, sizeof(*run->begun));
    if (run->items != NULL && run->frames != NULL && run->waiters != NULL && run->begun != NULL)
        return STATUS_OK;
    grammar_run_close(run);
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a grammar");
}

void grammar_run_close(struct grammar_run *run)
{
    free(run->items);
    free(run->frames);
    free(run->waiters);
    free(run->begun);
    free(run->known);
    *run = (struct grammar_run){ .machine = run->machine, .is_full = true };
}
