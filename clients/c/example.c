/* One report from a sensor: example ENDPOINTS SERVER_KEY_FILE KEY_FILE NUMBER CHANNEL ITEM AREA [TITLE]
 *
 *   cc example.c $(pkg-config --cflags --libs zhitong-submit) -o example */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "zhitong_submit.h"

int main(int argc, char **argv) {
    struct zhitong_options options = {.patience_ms = 10000};
    struct zhitong_answer answer;
    char key[65];
    if (argc < 8) {
        fprintf(stderr, "%s ENDPOINTS SERVER_KEY_FILE KEY_FILE NUMBER CHANNEL ITEM AREA [TITLE]\n", argv[0]);
        return 2;
    }
    options.endpoints = argv[1];
    if (zhitong_keys_read(argv[2], options.server_key, NULL) != 0 ||
        zhitong_keys_read(argv[3], options.public_key, options.secret_key) != 0) {
        fprintf(stderr, "a key file cannot be read\n");
        return 2;
    }
    struct zhitong_client *client = zhitong_open(&options);
    if (client == NULL) {
        fprintf(stderr, "%s: cannot connect\n", options.endpoints);
        return 2;
    }
    snprintf(key, sizeof key, "id:%s", argv[4]); /* the same number is the same report, however often it is sent */
    const struct zhitong_field fields[] = {{"key", ZHITONG_TEXT, {.text = key}},
                                           {"channel", ZHITONG_TEXT, {.text = argv[5]}},
                                           {"item", ZHITONG_TEXT, {.text = argv[6]}},
                                           {"area", ZHITONG_TEXT, {.text = argv[7]}},
                                           {"source_id", ZHITONG_TEXT, {.text = argv[4]}},
                                           {"title", ZHITONG_TEXT, {.text = argc > 8 ? argv[8] : "a sensor's report"}}};
    zhitong_submit(client, fields, sizeof fields / sizeof *fields, &answer);
    zhitong_close(&client);
    switch (answer.outcome) {
    case ZHITONG_ACCEPTED:
        printf("case %" PRIu64 "%s\n", answer.case_id, answer.repeated ? " again" : "");
        return 0;
    case ZHITONG_REFUSED:
        printf("refused: %s: %s\n", answer.field, answer.reason);
        return 1;
    case ZHITONG_NO_ANSWER:
    case ZHITONG_WRONG_USE:
        break;
    }
    printf("no answer; send it again later\n");
    return 3;
}
