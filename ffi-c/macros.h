
#define PANCAR_VERSION "@VERSION@"
#define PANCAR_VERSION_MAJOR @MAJOR@
#define PANCAR_VERSION_MINOR @MINOR@
#define PANCAR_VERSION_PATCH @PATCH@

/* A pancar_str of a string literal. */
#ifdef __cplusplus
#define PANCAR_STR(literal) (pancar_str{"" literal, sizeof(literal) - 1})
#else
#define PANCAR_STR(literal) ((pancar_str){"" literal, sizeof(literal) - 1})
#endif

/* What a pancar_stats begins with. */
#define PANCAR_STATS_INIT {sizeof(pancar_stats), 0, 0}
