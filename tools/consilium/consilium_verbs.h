/* The verbs of the command, a file each. */
#ifndef CONSILIUM_VERBS_H
#define CONSILIUM_VERBS_H

struct consilium;

void put_verb(struct consilium *consilium);          /* consilium_put.c */
void ask_verb(struct consilium *consilium);          /* consilium_ask.c */
void ask_many(struct consilium *consilium);          /* consilium_many.c: ask --many */
void eval_verb(struct consilium *consilium);         /* consilium_eval.c */
int context_verb(struct consilium *consilium);       /* consilium_context.c: needs no mesh */
void timeline_verb(struct consilium *consilium);     /* consilium_timeline.c */
int timeline_local(struct consilium *consilium);     /* consilium_timeline_local.c: no mesh */
void forget_verb(struct consilium *consilium);       /* consilium_forget.c */
int deid_verb(struct consilium *consilium);          /* consilium_deid.c: needs no mesh */
void deid_mesh_start(struct consilium *consilium);   /* consilium_deid_mesh.c: deid --mesh */
int tokens_verb(struct consilium *consilium);        /* consilium_tokens_local.c: --vocabulary */
void tokens_mesh_start(struct consilium *consilium); /* consilium_tokens.c */
int login_verb(struct consilium *consilium);         /* consilium_login.c: needs no mesh */
int access_verb(struct consilium *consilium);        /* consilium_access.c: needs no mesh */
int audit_verb(struct consilium *consilium);         /* consilium_audit.c: needs no mesh */
int bench_verb(struct consilium *consilium);         /* consilium_bench.c: needs no mesh */
int logits_verb(struct consilium *consilium);        /* consilium_logits.c: needs no mesh */
int generate_verb(struct consilium *consilium);      /* consilium_generate.c: needs no mesh */
int score_verb(struct consilium *consilium);         /* consilium_score.c: needs no mesh */
int embed_verb(struct consilium *consilium);         /* consilium_embed.c: needs no mesh */
int quantize_verb(struct consilium *consilium);      /* consilium_quantize.c: needs no mesh */
void status_verb(struct consilium *consilium);       /* consilium_status.c */

#endif
