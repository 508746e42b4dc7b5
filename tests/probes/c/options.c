/* The options of the apps, and PROBE_... of the environment. */
#include "probe.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static const char prefix[] = "PROBE_";

static const struct {
    const char *name, *value;
} of_conformance[] = {
    {"ping_interval", "300"},
    {"ping_timeout", "200"},
    {"max_http_buffer_size", "1000000"},
    {"connect_timeout", "1000"},
    {"cors", "*"},
};

/* A name as options have it: ping_interval for PING_INTERVAL=25000. */
static void option_name(const char *entry, char *name, size_t size)
{
    size_t length = 0;
    while (entry[length] != '=' && entry[length] != '\0' && length + 1 < size) {
        name[length] = (char)tolower((unsigned char)entry[length]);
        length++;
    }
    name[length] = '\0';
}

static int set(pancar_config *config, const char *name, const char *value)
{
    pancar_status status;
    if (strcmp(name, "adapter") == 0) {
        fprintf(stderr, "this probe has no adapter for a cluster\n");
        return EXIT_UNAVAILABLE;
    }
    if (strcmp(name, "lanes") == 0)
        status = pancar_config_set_lanes(config, strtoul(value, NULL, 10));
    else
        status = pancar_config_set(config, pancar_cstr(name), pancar_cstr(value));
    if (status == PANCAR_OK)
        return 0;
    fprintf(stderr, "probe c: %s\n", pancar_last_error());
    return EXIT_FAILURE;
}

static int read_environment(pancar_config *config)
{
    for (char **entry = environ; *entry != NULL; entry++) {
        const char *value = strchr(*entry, '=');
        char name[64];
        if (value == NULL || strncmp(*entry, prefix, sizeof prefix - 1) != 0)
            continue;
        option_name(*entry + sizeof prefix - 1, name, sizeof name);
        int ending = set(config, name, value + 1);
        if (ending != 0)
            return ending;
    }
    return 0;
}

int options_read(pancar_config *config, const char *app)
{
    if (strcmp(app, "conformance") == 0) {
        for (size_t i = 0; i < COUNT(of_conformance); i++) {
            int ending = set(config, of_conformance[i].name, of_conformance[i].value);
            if (ending != 0)
                return ending;
        }
    }
    /* Handlers of this app share nothing: they may run on all cores. */
    if (strcmp(app, "bench") == 0 && set(config, "lanes", "0") != 0)
        return EXIT_FAILURE;
    return read_environment(config);
}
