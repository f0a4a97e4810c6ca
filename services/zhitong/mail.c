#include "services/zhitong/mail.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "services/zhitong/mail_box.h"
#include "services/zhitong/mail_send.h"
#include "services/zhitong/options.h"

/* To whoever pipes a mail in (sysexits.h): it is tried again, or goes back to its sender. */
#define EXIT_PIPE_DATA 65
#define EXIT_PIPE_LATER 75

#define SECRET_BYTES_MAX 200
#define EVERY "60" /* seconds */
#define EVERY_MAX 86400
#define PAUSE_SECONDS_MAX 900 /* the pause after a failure doubles up to this */

/* Where handled mails go, beside the mailbox. */
static const char *const folders[] = {
    [MAIL_TAKEN] = "Zhitong taken", [MAIL_REFUSED] = "Zhitong refused", [MAIL_LATER] = NULL};
#define FOLDER_AUTOMATIC "Zhitong automatic"

struct mailer {
    struct mail_target target;
    struct mail_box_options box_options;
    bool once;
    long long every;
    char api_key[SECRET_BYTES_MAX + 1], password[SECRET_BYTES_MAX + 1];
    size_t handled;
};

static volatile sig_atomic_t stopping;

static void on_signal(int signal_number) {
    (void)signal_number;
    stopping = 1;
}

/* ---- one mail --------------------------------------------------------------------------------------------------------------- */

/* What became of it, and the folder for it (NULL: it stays). Says so on stdout, in a line without personal data. */
static enum mail_outcome handle(const struct mailer *mailer, const uint8_t *bytes, size_t size, const char **folder) {
    struct mail *mail = NULL;
    struct mail_result result = {.outcome = MAIL_REFUSED};
    if (mail_read(&mail, bytes, size, &result.why) != 0) {
        printf("refused: %s: %s\n", result.why.field, result.why.text);
    } else if (mail->automatic[0] != '\0') {
        printf("%s automatic: %s\n", mail->id, mail->automatic);
        *folder = FOLDER_AUTOMATIC;
        mail_close(&mail);
        return MAIL_TAKEN;
    } else {
        mail_send(&mailer->target, mail, &result);
        if (result.outcome == MAIL_TAKEN)
            printf("%s %s: case %s, %zu files, %zu left out\n", mail->id, result.repeated ? "repeated" : "taken",
                   result.case_id, mail->file_count - result.left_out, mail->left_out + result.left_out);
        else
            printf("%s %s: %s: %s\n", mail->id, result.outcome == MAIL_REFUSED ? "refused" : "later", result.why.field,
                   result.why.text);
    }
    mail_close(&mail);
    *folder = folders[result.outcome];
    return result.outcome;
}

/* ---- from a pipe -------------------------------------------------------------------------------------------------------------- */

static int take_pipe(const struct mailer *mailer) {
    uint8_t *bytes = malloc(MAIL_BYTES_MAX + 1);
    const char *folder;
    if (bytes == NULL)
        return EXIT_PIPE_LATER;
    size_t size = fread(bytes, 1, MAIL_BYTES_MAX + 1, stdin);
    enum mail_outcome outcome = ferror(stdin) ? MAIL_LATER : handle(mailer, bytes, size, &folder);
    free(bytes);
    return outcome == MAIL_TAKEN ? EXIT_GOOD : outcome == MAIL_REFUSED ? EXIT_PIPE_DATA : EXIT_PIPE_LATER;
}

/* ---- from a mailbox ------------------------------------------------------------------------------------------------------------ */

/* 0: handled and moved, or it stays for intake's sake (*later). -1: the mailbox fails. */
static int take_one(struct mailer *mailer, struct mail_box *box, uint32_t uid, bool *later, struct reason *why) {
    const char *folder = folders[MAIL_REFUSED];
    struct mail_bytes mail;
    uint64_t told;
    if (mail_box_size(box, uid, &told, why) != 0)
        return -1;
    if (told > MAIL_BYTES_MAX) {
        printf("refused: message: is longer than %d bytes\n", MAIL_BYTES_MAX);
    } else {
        if (mail_box_fetch(box, uid, MAIL_BYTES_MAX, &mail, why) != 0)
            return -1;
        *later = handle(mailer, mail.bytes, mail.size, &folder) == MAIL_LATER;
        free(mail.bytes);
        if (*later)
            return 0;
    }
    mailer->handled++;
    return mail_box_move(box, uid, folder, why);
}

/* All that lies there. 0: nothing is left to do now; -1: something must be tried again. */
static int take_all(struct mailer *mailer, struct mail_box *box) {
    const uint32_t *uids;
    size_t count;
    bool later = false;
    struct reason why;
    int status = mail_box_look(box, &uids, &count, &why);
    for (size_t i = 0; status == 0 && i < count && !later && !stopping; i++)
        status = take_one(mailer, box, uids[i], &later, &why);
    if (status != 0)
        fprintf(stderr, "%s: %s\n", why.field, why.text);
    return status != 0 || later ? -1 : 0;
}

static void rest(long long seconds) {
    struct timespec second = {.tv_sec = 1};
    for (; seconds > 0 && !stopping; seconds--)
        nanosleep(&second, NULL);
}

static int take_mailbox(struct mailer *mailer) {
    struct mail_box *box = NULL;
    struct reason why;
    long long pause = mailer->every < PAUSE_SECONDS_MAX ? mailer->every : PAUSE_SECONDS_MAX;
    int status = 0;
    if (mail_box_open(&box, &mailer->box_options, &why) != 0) {
        fprintf(stderr, "%s: %s\n", why.field, why.text);
        return EXIT_REFUSED;
    }
    for (long long wait = pause; !stopping; rest(wait)) {
        status = take_all(mailer, box);
        if (mailer->once)
            break;
        wait = status == 0 ? mailer->every : wait * 2 < PAUSE_SECONDS_MAX ? wait * 2 : PAUSE_SECONDS_MAX;
    }
    mail_box_close(&box);
    printf("%zu mails handled\n", mailer->handled);
    return status == 0 || stopping ? EXIT_GOOD : EXIT_REFUSED;
}

/* ---- the command ---------------------------------------------------------------------------------------------------------------- */

/* The first line of a file; never a word of the command line, which everybody can see. */
static int read_secret(const char *path, char secret[SECRET_BYTES_MAX + 1]) {
    char line[SECRET_BYTES_MAX + 3] = "";
    FILE *file = fopen(path, "re");
    if (file != NULL && fgets(line, sizeof line, file) == NULL)
        line[0] = '\0';
    if (file != NULL)
        fclose(file);
    line[strcspn(line, "\r\n")] = '\0';
    size_t size = strlen(line);
    if (size > 0 && size <= SECRET_BYTES_MAX) {
        memcpy(secret, line, size + 1);
        sodium_memzero(line, sizeof line);
        return 0;
    }
    fprintf(stderr, "%s: must be a file whose first line has 1 to %d bytes\n", path, SECRET_BYTES_MAX);
    return -1;
}

static int read_options(int argc, char **argv, struct mailer *mailer) {
    const char *url = NULL, *key_path = NULL, *password_path = NULL, *every = EVERY;
    struct mail_target *target = &mailer->target;
    struct mail_box_options *box = &mailer->box_options;
    const struct option_row rows[] = {{"--intake", &target->url, NULL},
                                      {"--key-file", &key_path, NULL},
                                      {"--channel", &target->channel, NULL},
                                      {"--item", &target->item, NULL},
                                      {"--area", &target->area, NULL},
                                      {"--imap", &box->url, NULL},
                                      {"--user", &box->user, NULL},
                                      {"--password-file", &password_path, NULL},
                                      {"--folder", &box->folder, NULL},
                                      {"--every", &every, NULL},
                                      {"--once", NULL, &mailer->once},
                                      {"--without-tls", NULL, &box->without_tls},
                                      {NULL, NULL, NULL}};
    const struct number_range range = {"--every", 1, EVERY_MAX};
    struct words words = {.max = 0};
    if (options_read(argc, argv, rows, &words, &url) != 0 || number_read(every, &range, &mailer->every) != 0)
        return EXIT_WRONG_USE;
    if (target->url == NULL || strncmp(target->url, "http", 4) != 0 || strlen(target->url) > 500)
        return wrong_use("mail", "wants --intake URL, http:// or https://, of intake's HTTP API");
    if (box->url != NULL && (box->user == NULL || password_path == NULL))
        return wrong_use("mail", "--imap wants --user NAME and --password-file FILE");
    if ((key_path != NULL && read_secret(key_path, mailer->api_key) != 0) ||
        (box->url != NULL && read_secret(password_path, mailer->password) != 0))
        return EXIT_REFUSED;
    return EXIT_GOOD;
}

int mail_command(int argc, char **argv) {
    struct mailer mailer = {.box_options = {.folder = "INBOX"}};
    const struct sigaction stop = {.sa_handler = on_signal};
    mailer.target.api_key = mailer.api_key;
    mailer.box_options.password = mailer.password;
    int status = read_options(argc, argv, &mailer);
    if (status != EXIT_GOOD) /* a mail must not go back because of us */
        return status == EXIT_REFUSED && mailer.box_options.url == NULL ? EXIT_PIPE_LATER : status;
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        fprintf(stderr, "libsodium or libcurl does not start\n");
        return EXIT_REFUSED;
    }
    mail_start();
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    status = mailer.box_options.url != NULL ? take_mailbox(&mailer) : take_pipe(&mailer);
    sodium_memzero(&mailer, sizeof mailer);
    curl_global_cleanup();
    return status;
}
