/* What is held out of training: which of the catalogue it is, and what a question may be asked
 * about where the record does not hold it. */
#include "question_parts.h"

/* Of what is asked about and not there, where the record's conditions are held out. */
#define UNSEEN_SHARE 0.6

/* One of @count, from @first on; from @trained on they are held out. */
static unsigned draw(struct question *question, unsigned first, unsigned trained, unsigned count)
{
    if (!question->record->is_heldout || !chance_happens(question->chance, UNSEEN_SHARE))
        return first + chance_below(question->chance, trained - first);
    question->is_unseen = true;
    return trained + chance_below(question->chance, count - trained);
}

enum disease question_draw_disease(struct question *question)
{
    return draw(question, 0, DISEASE_TRAINED_COUNT, DISEASE_COUNT);
}

enum drug question_draw_drug(struct question *question)
{
    return draw(question, 1, DRUG_TRAINED_COUNT, DRUG_COUNT);
}

enum procedure question_draw_procedure(struct question *question)
{
    return draw(question, 1, PROCEDURE_TRAINED_COUNT, PROCEDURE_COUNT);
}

/* A lab is asked about whether it is there or not. */
enum lab question_draw_lab(struct question *question)
{
    return draw(question, 0, LAB_TRAINED_COUNT, LAB_COUNT);
}

static bool is_unseen_condition(const struct record *record, int index)
{
    return index >= 0 && record->condition_list[index].disease >= DISEASE_TRAINED_COUNT;
}

void question_note_unseen(struct question *question, char letter, unsigned index)
{
    const struct record *record = question->record;

    switch (letter) {
    case BUNDLE_CONDITION:
        question->is_unseen |= is_unseen_condition(record, (int)index);
        break;
    case BUNDLE_ORDER:
        question->is_unseen |= record->order_list[index].drug >= DRUG_TRAINED_COUNT
                               || is_unseen_condition(record, record->order_list[index].condition);
        break;
    case BUNDLE_MEASUREMENT:
        question->is_unseen |= record->measurement_list[index].lab >= LAB_TRAINED_COUNT;
        break;
    case BUNDLE_OPERATION:
        question->is_unseen |=
            record->operation_list[index].procedure >= PROCEDURE_TRAINED_COUNT
            || is_unseen_condition(record, record->operation_list[index].condition);
        break;
    case BUNDLE_ENCOUNTER:
        question->is_unseen |= is_unseen_condition(record, record->encounter_list[index].condition);
        break;
    default:
        break;
    }
}
