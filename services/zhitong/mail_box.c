#include "services/zhitong/mail_box.h"

#include <assert.h>
#include <ctype.h>
#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_BYTES_MAX 65536 /* of what a command answers */
#define COMMAND_BYTES_MAX 400
#define URL_BYTES_MAX 1000
#define SIGNIFIES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./ "

struct taken { /* what came, at most max bytes */
    uint8_t *bytes;
    size_t size, room, max;
    bool too_long;
};

struct mail_box {
    CURL *curl;
    char url[URL_BYTES_MAX]; /* with the folder */
    char lines[LINES_BYTES_MAX + 1];
    uint32_t uids[MAIL_BOX_MAILS_MAX];
};

static size_t on_bytes(char *bytes, size_t one, size_t size, void *context) {
    struct taken *taken = context;
    (void)one;
    if (size > taken->max - taken->size) {
        taken->too_long = true;
        return 0;
    }
    if (taken->size + size > taken->room) {
        size_t room = (taken->size + size) * 2 < taken->max ? (taken->size + size) * 2 : taken->max;
        uint8_t *grown = realloc(taken->bytes, room);
        assert(grown != NULL);
        taken->bytes = grown;
        taken->room = room;
    }
    memcpy(taken->bytes + taken->size, bytes, size);
    taken->size += size;
    return size;
}

/* A folder's name that needs no quoting in a command or URL beyond what we do. */
static int check_folder(const char *folder, struct reason *why) {
    size_t size = strlen(folder);
    if (size == 0 || size > 100 || strspn(folder, SIGNIFIES) != size)
        return refuse(why, "folder", "\"%.100s\" must be 1 to 100 letters, digits, blanks and -_./", folder);
    return 0;
}

int mail_box_open(struct mail_box **out, const struct mail_box_options *options, struct reason *why) {
    bool tls = strncmp(options->url, "imaps://", 8) == 0;
    if ((!tls && strncmp(options->url, "imap://", 7) != 0) || strlen(options->url) > URL_BYTES_MAX / 2)
        return refuse(why, "imap", "must be imaps://HOST[:PORT] or imap://HOST[:PORT]");
    if (check_folder(options->folder, why) != 0)
        return -1;
    struct mail_box *box = calloc(1, sizeof *box);
    assert(box != NULL);
    box->curl = curl_easy_init();
    assert(box->curl != NULL);
    char *folder = curl_easy_escape(box->curl, options->folder, 0);
    snprintf(box->url, sizeof box->url, "%s/%s", options->url, folder);
    curl_free(folder);
    curl_easy_setopt(box->curl, CURLOPT_PROTOCOLS_STR, "imap,imaps");
    curl_easy_setopt(box->curl, CURLOPT_USERNAME, options->user);
    curl_easy_setopt(box->curl, CURLOPT_PASSWORD, options->password);
    curl_easy_setopt(box->curl, CURLOPT_USE_SSL, options->without_tls ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL);
    curl_easy_setopt(box->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(box->curl, CURLOPT_TIMEOUT, (long)MAIL_BOX_SECONDS_MAX);
    curl_easy_setopt(box->curl, CURLOPT_CONNECTTIMEOUT, 20L);
    curl_easy_setopt(box->curl, CURLOPT_WRITEFUNCTION, on_bytes);
    *out = box;
    return 0;
}

void mail_box_close(struct mail_box **box) {
    if (*box == NULL)
        return;
    curl_easy_cleanup((*box)->curl);
    free(*box);
    *box = NULL;
}

static int run(struct mail_box *box, const char *url, const char *command, struct taken *taken, struct reason *why) {
    char text[CURL_ERROR_SIZE] = "";
    curl_easy_setopt(box->curl, CURLOPT_URL, url);
    curl_easy_setopt(box->curl, CURLOPT_CUSTOMREQUEST, command);
    curl_easy_setopt(box->curl, CURLOPT_WRITEDATA, taken);
    curl_easy_setopt(box->curl, CURLOPT_ERRORBUFFER, text);
    CURLcode code = curl_easy_perform(box->curl);
    curl_easy_setopt(box->curl, CURLOPT_ERRORBUFFER, NULL);
    if (code == CURLE_OK)
        return 0;
    if (taken->too_long)
        return refuse(why, "imap", "what it sends is longer than %zu bytes", taken->max);
    /* a word of the command says which; never the user's password */
    return refuse(why, "imap", "%.40s: %.150s", command != NULL ? command : "FETCH",
                  text[0] != '\0' ? text : curl_easy_strerror(code));
}

/* Runs a command; its untagged lines are in box->lines. */
static int ask(struct mail_box *box, const char *command, struct reason *why) {
    struct taken taken = {.max = LINES_BYTES_MAX};
    int status = run(box, box->url, command, &taken, why);
    if (status == 0 && taken.size > 0)
        memcpy(box->lines, taken.bytes, taken.size);
    box->lines[status == 0 ? taken.size : 0] = '\0';
    free(taken.bytes);
    return status;
}

size_t mail_box_uids(const char *lines, uint32_t uids[MAIL_BOX_MAILS_MAX]) {
    size_t found = 0;
    const char *at = strstr(lines, "* SEARCH");
    for (at = at != NULL ? at + 8 : ""; *at == ' ' && isdigit((unsigned char)at[1]) && found < MAIL_BOX_MAILS_MAX;) {
        char *end;
        unsigned long uid = strtoul(at + 1, &end, 10);
        if (uid > 0 && uid <= UINT32_MAX)
            uids[found++] = (uint32_t)uid;
        at = end;
    }
    return found;
}

bool mail_box_size_of(const char *lines, uint64_t *size) {
    static const char name[] = "RFC822.SIZE ";
    const char *at = strstr(lines, name);
    if (at == NULL || !isdigit((unsigned char)at[sizeof name - 1]))
        return false;
    *size = strtoull(at + sizeof name - 1, NULL, 10);
    return true;
}

int mail_box_look(struct mail_box *box, const uint32_t **uids, size_t *count, struct reason *why) {
    if (ask(box, "UID SEARCH UNDELETED", why) != 0)
        return -1;
    *uids = box->uids;
    *count = mail_box_uids(box->lines, box->uids);
    return 0;
}

int mail_box_size(struct mail_box *box, uint32_t uid, uint64_t *size, struct reason *why) {
    char command[COMMAND_BYTES_MAX];
    snprintf(command, sizeof command, "UID FETCH %" PRIu32 " (RFC822.SIZE)", uid);
    if (ask(box, command, why) != 0)
        return -1;
    if (!mail_box_size_of(box->lines, size))
        return refuse(why, "imap", "does not say how long mail %" PRIu32 " is", uid);
    return 0;
}

int mail_box_fetch(struct mail_box *box, uint32_t uid, size_t size_max, struct mail_bytes *mail, struct reason *why) {
    char url[URL_BYTES_MAX + 40];
    struct taken taken = {.max = size_max};
    snprintf(url, sizeof url, "%s;UID=%" PRIu32, box->url, uid);
    if (run(box, url, NULL, &taken, why) != 0) {
        free(taken.bytes);
        return -1;
    }
    *mail = (struct mail_bytes){taken.bytes, taken.size};
    return 0;
}

static int copy_and_expunge(struct mail_box *box, uint32_t uid, const char *folder, struct reason *why) {
    char command[COMMAND_BYTES_MAX];
    snprintf(command, sizeof command, "UID COPY %" PRIu32 " \"%s\"", uid, folder);
    if (ask(box, command, why) != 0)
        return -1;
    snprintf(command, sizeof command, "UID STORE %" PRIu32 " +FLAGS.SILENT (\\Seen \\Deleted)", uid);
    return ask(box, command, why) != 0 ? -1 : ask(box, "EXPUNGE", why);
}

int mail_box_move(struct mail_box *box, uint32_t uid, const char *folder, struct reason *why) {
    char command[COMMAND_BYTES_MAX], create[COMMAND_BYTES_MAX];
    struct reason ignored;
    if (check_folder(folder, why) != 0)
        return -1;
    snprintf(command, sizeof command, "UID MOVE %" PRIu32 " \"%s\"", uid, folder);
    snprintf(create, sizeof create, "CREATE \"%s\"", folder);
    if (ask(box, command, &ignored) == 0)
        return 0;
    if (ask(box, create, &ignored) == 0 && ask(box, command, &ignored) == 0)
        return 0;
    return copy_and_expunge(box, uid, folder, why);
}
