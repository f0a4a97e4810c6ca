/* Four header lines (webhook-id, -timestamp, -signature, X-Signature; an empty one is not there), then a body: whether it may be signed
 * and, as JSON by the map of the source hook, which reports it is. What is made passes message_check; what is refused names its place. */
#include <jansson.h>

#include "common/city_sources.h"
#include "services/intake/webhook_map.h"
#include "services/intake/webhook_sign.h"
#include "tests/fuzz/fuzz_input.h"

#define NOW 1614265330

static void map(const json_t *document) {
    static struct submit submit;
    struct reason why = {.text = ""};
    struct webhook_body body;
    const struct webhook_origin origin = {city_source(fuzz_city(), "hook"), city_zone(fuzz_city()), "key"};
    if (webhook_body_read(&body, origin.source, document, &why) != 0) {
        fuzz_check_reason(&why);
        return;
    }
    assert(body.count >= 1 && body.count <= WEBHOOK_REPORTS_MAX);
    for (size_t i = 0; i < body.count; i++) {
        if (webhook_report(&body, i, &origin, &submit, &why) != 0)
            fuzz_check_reason(&why);
        else if (message_check(MESSAGE_submit, &submit, &why) != 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct webhook_secret secrets[] = {{.bytes = "a secret of 24 bytes ...", .size = 24},
                                                    {.bytes = "Jefe", .size = 4, .form = WEBHOOK_BODY}};
    const uint8_t *end = data + size;
    char *headers[4];
    struct reason why = {.text = ""};
    for (size_t i = 0; i < 4; i++) {
        const uint8_t *line = memchr(data, '\n', (size_t)(end - data));
        headers[i] = fuzz_text(data, line != NULL ? (size_t)(line - data) : 0);
        data = line != NULL ? line + 1 : data;
    }
#define GIVEN(n) (headers[n][0] != '\0' ? headers[n] : NULL)
    const struct webhook_signed request = {GIVEN(0), GIVEN(1), GIVEN(2), GIVEN(3), data, (size_t)(end - data)};
    if (webhook_headers_check(&request, NOW, &why) != 0)
        fuzz_check_reason(&why);
    else
        for (size_t i = 0; i < 2; i++)
            (void)webhook_signed_with(&request, &secrets[i]);
    json_t *document = json_loadb((const char *)data, request.size, JSON_REJECT_DUPLICATES, NULL);
    if (document != NULL)
        map(document);
    json_decref(document);
    for (size_t i = 0; i < 4; i++)
        free(headers[i]);
    return 0;
}
