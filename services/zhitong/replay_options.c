#include "services/zhitong/replay_options.h"

#include "services/zhitong/records.h"

int replay_options_read(int argc, char **argv, struct replay_options *options) {
    const struct number_range range = {"--records", 1, RECORDS_MAX};
    const char *records = NULL;
    const struct option_row rows[] = {{"--endpoint", &options->endpoints, NULL},
                                      {"--server-key", &options->server_key, NULL},
                                      {"--key", &options->key, NULL},
                                      {"--through", &options->through, NULL},
                                      {"--intake", &options->intake, NULL},
                                      {"--desk", &options->desk, NULL},
                                      {"--login", &options->login, NULL},
                                      {"--password-file", &options->password_file, NULL},
                                      {"--until", &options->until, NULL},
                                      {"--courses", &options->courses, NULL},
                                      {"--records", &records, NULL},
                                      {"--quiet", NULL, &options->quiet},
                                      {NULL, NULL, NULL}};
    struct words words = {.max = 1};
    if (options_read(argc, argv, rows, &words, &options->url) != 0)
        return EXIT_WRONG_USE;
    if (words.count != 1)
        return wrong_use(argv[0], "FILE is missing");
    if (options->endpoints == NULL || options->server_key == NULL ||
        (options->key == NULL) == (options->through == NULL))
        return wrong_use(argv[0], "--endpoint, --server-key and one of --key and --through are needed");
    if (options->through != NULL && options->intake == NULL)
        return wrong_use(argv[0], "--through needs --intake");
    if ((options->desk == NULL) != (options->login == NULL) ||
        (options->desk == NULL) != (options->password_file == NULL))
        return wrong_use(argv[0], "--desk, --login and --password-file come together");
    if (records != NULL && number_read(records, &range, &options->records) != 0)
        return EXIT_WRONG_USE;
    options->file = words.at[0];
    return 0;
}
