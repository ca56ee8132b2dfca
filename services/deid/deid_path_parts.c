/* How far a path reaches from a Bundle: through what it is asked of, or through one member of it,
 * or from entry to entry each by itself; anything that looks at several of these at a time reaches
 * across. */
#include "deid_path_tree.h"

enum reach {
    REACH_NOTHING, /* a literal */
    REACH_BUNDLE,  /* the Bundle itself */
    REACH_MEMBER,  /* what is under one member of it that is not "entry" */
    REACH_ENTRIES, /* what is under its entries, of each what it has */
    REACH_ACROSS,
};

static enum reach reach_of(const struct deid_path *path, const struct deid_fhir_types *types);

/* Of what stands before a member or a call. */
static enum reach base_of(const struct deid_path *path, const struct deid_fhir_types *types)
{
    return path->left == NULL ? REACH_BUNDLE : reach_of(path->left, types);
}

static enum reach member_reach(const struct deid_path *path, const struct deid_fhir_types *types)
{
    enum reach base = base_of(path, types);
    uint16_t bundle = deid_fhir_type_find(types, SLICE("Bundle"));

    if (base != REACH_BUNDLE)
        return base;
    if (path->left == NULL
        && deid_fhir_type_is(types, bundle, deid_fhir_type_find(types, path->text)))
        return REACH_BUNDLE;
    return slice_is(path->text, "entry") ? REACH_ENTRIES : REACH_MEMBER;
}

/* Of a call whose result is, of each thing that it is asked of, what that has. */
static enum reach each_reach(const struct deid_path *path, enum reach base,
                             const struct deid_fhir_types *types)
{
    switch (path->function) {
    case DEID_FN_OF_TYPE:
        return base;
    case DEID_FN_WHERE:
        return base == REACH_BUNDLE ? REACH_ACROSS : base;
    case DEID_FN_SELECT:
        return base == REACH_BUNDLE ? reach_of(path->arguments[0], types) : base;
    case DEID_FN_CHILDREN:
    case DEID_FN_DESCENDANTS:
    case DEID_FN_NODES_BY_TYPE:
    case DEID_FN_NODES_BY_NAME:
    case DEID_FN_EXTENSION:
        for (unsigned i = 0; i < path->arguments_count; i++)
            if (path->arguments[i]->op != DEID_OP_LITERAL)
                return REACH_ACROSS;
        return base == REACH_BUNDLE ? REACH_ENTRIES : base;
    default:
        return REACH_ACROSS;
    }
}

static enum reach call_reach(const struct deid_path *path, const struct deid_fhir_types *types)
{
    enum reach base = base_of(path, types);

    if (base == REACH_NOTHING || base == REACH_MEMBER || base == REACH_ACROSS)
        return base; /* as much as it may be asked of: it is all there */
    return each_reach(path, base, types);
}

static enum reach union_reach(enum reach left, enum reach right)
{
    if (left == REACH_ACROSS || right == REACH_ACROSS || left == REACH_BUNDLE
        || right == REACH_BUNDLE)
        return REACH_ACROSS;
    return left > right ? left : right;
}

static enum reach reach_of(const struct deid_path *path, const struct deid_fhir_types *types)
{
    enum reach left;

    switch (path->op) {
    case DEID_OP_THIS:
        return REACH_BUNDLE;
    case DEID_OP_LITERAL:
    case DEID_OP_EMPTY:
        return REACH_NOTHING;
    case DEID_OP_MEMBER:
        return member_reach(path, types);
    case DEID_OP_CALL:
        return call_reach(path, types);
    case DEID_OP_AS:
        return base_of(path, types);
    case DEID_OP_UNION:
        return union_reach(reach_of(path->left, types), reach_of(path->right, types));
    case DEID_OP_INDEX:
        left = reach_of(path->left, types);
        return left == REACH_MEMBER && reach_of(path->right, types) == REACH_NOTHING ? left
                                                                                     : REACH_ACROSS;
    default:
        return REACH_ACROSS;
    }
}

bool deid_path_is_by_parts(const struct deid_path *path, const struct deid_fhir_types *types)
{
    return reach_of(path, types) != REACH_ACROSS;
}
