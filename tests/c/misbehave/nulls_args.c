/* NULL, 0 and nothing, for everything that reads and writes arguments. */
#include "stage.h"

static const pancar_str LIE = {NULL, 1};
static const pancar_bytes LIE_BYTES = {NULL, 1};
static const pancar_str ARRAY = {"[{}]", 4};

#define NULLED(call) EXPECT(PANCAR_NULL_ARGUMENT, call)

CASE(null_for_readers) {
  pancar_args *args;
  const pancar_args *part;
  pancar_str text;
  pancar_bytes bytes;
  pancar_text *json;
  int64_t whole;
  double number;
  bool yes;
  EXPECT(PANCAR_OK, pancar_args_from_json(ARRAY, NULL, 0, &args));
  CHECK(pancar_args_len(NULL) == 0);
  CHECK(pancar_args_kind(NULL, 0) == PANCAR_KIND_MISSING);
  CHECK(pancar_args_attachments(NULL) == 0);
  NULLED(pancar_args_str(NULL, 0, &text));
  NULLED(pancar_args_str(args, 0, NULL));
  NULLED(pancar_args_i64(NULL, 0, &whole));
  NULLED(pancar_args_i64(args, 0, NULL));
  NULLED(pancar_args_f64(NULL, 0, &number));
  NULLED(pancar_args_f64(args, 0, NULL));
  NULLED(pancar_args_bool(NULL, 0, &yes));
  NULLED(pancar_args_bool(args, 0, NULL));
  NULLED(pancar_args_bytes(NULL, 0, &bytes));
  NULLED(pancar_args_bytes(args, 0, NULL));
  NULLED(pancar_args_json(NULL, 0, &text));
  NULLED(pancar_args_json(args, 0, NULL));
  NULLED(pancar_args_items(NULL, 0, &part));
  NULLED(pancar_args_items(args, 0, NULL));
  NULLED(pancar_args_get(NULL, 0, ARRAY, &part));
  NULLED(pancar_args_get(args, 0, LIE, &part));
  NULLED(pancar_args_get(args, 0, ARRAY, NULL));
  NULLED(pancar_args_to_json(NULL, &json));
  NULLED(pancar_args_to_json(args, NULL));
  NULLED(pancar_args_attachment(NULL, 0, &bytes));
  NULLED(pancar_args_attachment(args, 0, NULL));
  pancar_args_free(args);
  pancar_args_free(NULL);
}

CASE(null_for_makers_of_arguments) {
  pancar_args *args, *other;
  EXPECT(PANCAR_OK, pancar_args_from_json(ARRAY, NULL, 0, &args));
  NULLED(pancar_args_from_json(ARRAY, NULL, 0, NULL));
  NULLED(pancar_args_from_json(LIE, NULL, 0, &other));
  NULLED(pancar_args_from_json(ARRAY, NULL, 2, &other));
  NULLED(pancar_args_from_json(ARRAY, &LIE_BYTES, 1, &other));
  NULLED(pancar_args_clone(NULL, &other));
  NULLED(pancar_args_clone(args, NULL));
  NULLED(pancar_args_skip(NULL, 0, &other));
  NULLED(pancar_args_skip(args, 0, NULL));
  pancar_args_free(args);
}

/* Arguments with which one write fails, and everything after it. */
#define SPOILT(call)                                  \
  do {                                                \
    pancar_args *args = pancar_args_new();            \
    EXPECT(PANCAR_OK, pancar_args_add_i64(args, 1));  \
    NULLED(call);                                     \
    NULLED(pancar_args_add_null(args));               \
    pancar_args_free(args);                           \
  } while (0)

CASE(null_for_writers) {
  pancar_args *args = pancar_args_new();
  EXPECT(PANCAR_OK, pancar_args_add_str(args, (pancar_str){NULL, 0}));
  EXPECT(PANCAR_OK, pancar_args_add_bytes(args, (pancar_bytes){NULL, 0}));
  NULLED(pancar_args_add_str(NULL, ARRAY));
  NULLED(pancar_args_add_i64(NULL, 1));
  NULLED(pancar_args_add_f64(NULL, 1));
  NULLED(pancar_args_add_bool(NULL, true));
  NULLED(pancar_args_add_null(NULL));
  NULLED(pancar_args_add_bytes(NULL, (pancar_bytes){NULL, 0}));
  NULLED(pancar_args_add_json(NULL, ARRAY));
  NULLED(pancar_args_add_arg(NULL, args, 0));
  NULLED(pancar_args_begin_array(NULL));
  NULLED(pancar_args_end_array(NULL));
  NULLED(pancar_args_begin_object(NULL));
  NULLED(pancar_args_key(NULL, ARRAY));
  NULLED(pancar_args_end_object(NULL));
  CHECK(pancar_args_len(args) == 2);
  pancar_args_free(args);
  SPOILT(pancar_args_add_str(args, LIE));
  SPOILT(pancar_args_add_bytes(args, LIE_BYTES));
  SPOILT(pancar_args_add_json(args, LIE));
  SPOILT(pancar_args_add_arg(args, NULL, 0));
}
