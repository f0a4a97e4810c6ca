#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/form.h"

#define SEEN_BYTES_MAX 8192
#define URLENCODED "application/x-www-form-urlencoded"
#define MULTIPART "multipart/form-data; boundary=XX"
#define PART "--XX\r\nContent-Disposition: form-data; name="
#define END "\r\n--XX--\r\n"

struct seen { /* every field as name[/file name][:type]=value; */
    char text[SEEN_BYTES_MAX];
    size_t size;
};

static void add(struct seen *seen, const void *data, size_t size) {
    assert_true(seen->size + size < SEEN_BYTES_MAX);
    memcpy(seen->text + seen->size, data, size);
    seen->size += size;
    seen->text[seen->size] = '\0';
}

static int on_begin(void *context, const struct form_part *part, struct reason *why) {
    (void)why;
    add(context, part->name, strlen(part->name));
    if (part->file_name != NULL) {
        add(context, "/", 1);
        add(context, part->file_name, strlen(part->file_name));
    }
    if (part->content_type != NULL) {
        add(context, ":", 1);
        add(context, part->content_type, strlen(part->content_type));
    }
    add(context, "=", 1);
    return 0;
}

static int on_data(void *context, const uint8_t *data, size_t size, struct reason *why) {
    if (size == 4 && memcmp(data, "stop", 4) == 0) {
        (void)refuse(why, "event", "said so");
        return 7;
    }
    add(context, data, size);
    return 0;
}

static int on_end(void *context, struct reason *why) {
    (void)why;
    add(context, ";", 1);
    return 0;
}

static const struct form_events events = {on_begin, on_data, on_end};

struct input {
    const char *type, *body;
    size_t size; /* 0: to the NUL */
};

static int read_in_pieces(const struct input *input, size_t piece, struct seen *seen, struct reason *why) {
    struct form *form = NULL;
    size_t size = input->size > 0 ? input->size : strlen(input->body);
    seen->size = 0;
    seen->text[0] = '\0';
    int status = form_open(&form, input->type, &events, seen, why);
    for (size_t at = 0; at < size && status == 0; at += piece)
        status = form_feed(form, (const uint8_t *)input->body + at, at + piece > size ? size - at : piece, why);
    if (status == 0)
        status = form_finish(form, why);
    form_close(&form);
    return status;
}

static void a_form_reads_the_same_in_pieces_of_any_size(void **state) {
    static const struct {
        struct input input;
        const char *seen;
    } examples[] = {
        {{URLENCODED, "a=1&b=2"}, "a=1;b=2;"},
        {{URLENCODED, ""}, ""},
        {{URLENCODED, "&&a=1&&"}, "a=1;"},
        {{URLENCODED, "a"}, "a=;"},
        {{URLENCODED, "a=&a=x&a"}, "a=;a=x;a=;"},
        {{URLENCODED, "a=b=c"}, "a=b=c;"},
        {{URLENCODED, "q=%E6%BC%AF%e6%b2%b3+a%2Bb%26"}, "q=漯河 a+b&;"},
        {{URLENCODED, "attribute%5BA%5D=1"}, "attribute[A]=1;"},
        {{URLENCODED "; charset=utf-8", "a=1"}, "a=1;"},
        {{"Application/X-WWW-form-urlencoded", "a=1"}, "a=1;"},
        {{MULTIPART, PART "a\r\n\r\n1" END}, "a=1;"},
        {{MULTIPART, PART "\"a\"\r\n\r\n1\r\n" PART "b\r\n\r\n2" END}, "a=1;b=2;"},
        {{MULTIPART, PART "a\r\n\r\n\r\n" PART "a\r\n\r\nx" END}, "a=;a=x;"},
        {{MULTIPART, PART "a\r\n\r\n--XX--\r\n"}, "a=;"}, /* the line end of the headers is that of the boundary */
        {{MULTIPART, PART "a\r\n\r\n--XY\r\n--X\r\n-\r\r\n" END}, "a=--XY\r\n--X\r\n-\r\r\n;"},
        {{MULTIPART, "some text\r\n" PART "a\r\n\r\n1" END "more text --XX"}, "a=1;"},
        {{MULTIPART, "--XX  \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--XX--"}, "a=1;"},
        {{MULTIPART, "--XX--"}, ""},
        {{MULTIPART, PART "f; filename=\"a b;c.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8" END},
         "f/a b;c.jpg:image/jpeg=\xff\xd8;"},
        {{MULTIPART, PART "f; filename=\"\"\r\n\r\n" END}, "f/=;"},
        {{MULTIPART, PART "f; filename=\"C:\\dir\\\"x\\\".jpg\"\r\n\r\n" END}, "f/C:\\dir\"x\".jpg=;"},
        {{MULTIPART, "--XX\r\ncontent-disposition:form-data;NAME=a\r\nX-Other: y\r\n\r\n1" END}, "a=1;"},
        {{"multipart/form-data; charset=utf-8; boundary=\"XX\"", PART "a\r\n\r\n1" END}, "a=1;"},
    };
    struct seen seen;
    struct reason why;
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        for (size_t piece = 1; piece < 80; piece += piece < 8 ? 1 : 17) {
            if (read_in_pieces(&examples[i].input, piece, &seen, &why) != 0)
                fail_msg("%s refused in pieces of %zu: %s %s", examples[i].input.body, piece, why.field, why.text);
            assert_string_equal(seen.text, examples[i].seen);
        }
    }
}

static void a_wrong_form_is_refused_with_its_field(void **state) {
    static const struct {
        struct input input;
        const char *field, *has;
    } examples[] = {
        {{NULL, "a=1"}, "Content-Type", "must be"},
        {{"text/plain", "a=1"}, "Content-Type", "must be"},
        {{"multipart/form-dataX; boundary=a", "a=1"}, "Content-Type", "must be"},
        {{"multipart/form-data", "a=1"}, "Content-Type", "boundary"},
        {{"multipart/form-data; boundary=", "a"}, "Content-Type", "boundary"},
        {{"multipart/form-data; boundary=\"a", "a"}, "Content-Type", "boundary"},
        {{"multipart/form-data; boundary=a\"b\"", "a"}, "Content-Type", "boundary"},
        {{"multipart/form-data; boundary=a; boundary=b", "a"}, "Content-Type", "boundary"},
        {{"multipart/form-data; boundary="
          "12345678901234567890123456789012345678901234567890123456789012345678901",
          "a"},
         "Content-Type",
         "boundary"},
        {{URLENCODED, "a=%4"}, "a", "percent"},
        {{URLENCODED, "a=%"}, "a", "percent"},
        {{URLENCODED, "a=%zz&b=1"}, "a", "percent"},
        {{URLENCODED, "%zz=1"}, "body", "percent"},
        {{URLENCODED, "a=b%00c"}, "a", "NUL"},
        {{URLENCODED, "a%00b=c"}, "body", "NUL"},
        {{URLENCODED, "a=b\0c", 5}, "a", "NUL"},
        {{URLENCODED, "=1"}, "body", "no name"},
        {{URLENCODED, "%ff=1"}, "body", "UTF-8"},
        {{URLENCODED, "a%0Ab=1"}, "body", "control"},
        {{MULTIPART, ""}, "body", "last boundary"},
        {{MULTIPART, "a=1"}, "body", "last boundary"},
        {{MULTIPART, PART "a\r\n\r\n1"}, "body", "last boundary"},
        {{MULTIPART, PART "a\r\n\r\n1\r\n--XX"}, "body", "last boundary"},
        {{MULTIPART, PART "a\r\n\r\n1\r\n--XX-"}, "body", "last boundary"},
        {{MULTIPART, PART "a\r\n\r\n1\r\n--XXY"}, "body", "end of its line"},
        {{MULTIPART, PART "a\r\n\r\n1\r\n--XX\n"}, "body", "end of its line"},
        {{MULTIPART, PART "a\n\n1" END}, "body", "control"},
        {{MULTIPART, PART "a\r\r\n\r\n1" END}, "body", "lone"},
        {{MULTIPART, PART "\"a\0b\"\r\n\r\n1" END, sizeof(PART "\"a\0b\"\r\n\r\n1" END) - 1}, "body", "control"},
        {{MULTIPART, PART "\"a\tb\"\r\n\r\n1" END}, "body", "control"},
        {{MULTIPART, PART "\"\xff\"\r\n\r\n1" END}, "body", "UTF-8"},
        {{MULTIPART, PART "a; filename=\"\xc0\x80\"\r\n\r\n1" END}, "body", "UTF-8"},
        {{MULTIPART, PART "\"\"\r\n\r\n1" END}, "body", "no name"},
        {{MULTIPART, PART "\"a\r\n\r\n1" END}, "body", "broken"},
        {{MULTIPART, PART "a; name=b\r\n\r\n1" END}, "body", "broken"},
        {{MULTIPART, PART "a\r\nContent-Disposition: form-data; name=b\r\n\r\n1" END}, "body", "broken"},
        {{MULTIPART, "--XX\r\nContent-Disposition: attachment; name=a\r\n\r\n1" END}, "body", "broken"},
        {{MULTIPART, "--XX\r\nContent-Type: text/plain\r\n\r\n1" END}, "body", "no Content-Disposition"},
        {{MULTIPART, "--XX\r\n\r\n1" END}, "body", "no Content-Disposition"},
        {{MULTIPART, PART "a;\r\n filename=b\r\n\r\n1" END}, "body", "folded"},
    };
    struct seen seen;
    struct reason why;
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        for (size_t piece = 1; piece < 1000; piece *= 31) {
            if (read_in_pieces(&examples[i].input, piece, &seen, &why) != -1)
                fail_msg("%s is taken", examples[i].input.body);
            assert_string_equal(why.field, examples[i].field);
            if (strstr(why.text, examples[i].has) == NULL)
                fail_msg("%s: %s", examples[i].input.body, why.text);
        }
    }
}

static void what_an_event_says_ends_the_reading(void **state) {
    struct seen seen;
    struct reason why;
    (void)state;
    assert_int_equal(read_in_pieces(&(struct input){URLENCODED, "a=stop", 0}, 100, &seen, &why), 7);
    assert_string_equal(why.field, "event");
    assert_int_equal(read_in_pieces(&(struct input){MULTIPART, PART "a\r\n\r\nstop" END, 0}, 100, &seen, &why), 7);
}

static void names_fields_and_headers_have_limits(void **state) {
    static char body[SEEN_BYTES_MAX];
    struct seen seen;
    struct reason why;
    size_t size = 0;
    (void)state;
    memset(body, 'n', FORM_NAME_BYTES_MAX);
    assert_int_equal(read_in_pieces(&(struct input){URLENCODED, body, FORM_NAME_BYTES_MAX}, 3, &seen, &why), 0);
    body[FORM_NAME_BYTES_MAX] = 'n';
    assert_int_equal(read_in_pieces(&(struct input){URLENCODED, body, FORM_NAME_BYTES_MAX + 1}, 3, &seen, &why), -1);
    for (int i = 0; i < FORM_FIELDS_MAX; i++)
        size += (size_t)sprintf(body + size, "a=%d&", i);
    assert_int_equal(read_in_pieces(&(struct input){URLENCODED, body, 0}, 100, &seen, &why), 0);
    sprintf(body + size, "a=1");
    assert_int_equal(read_in_pieces(&(struct input){URLENCODED, body, 0}, 100, &seen, &why), -1);
    assert_non_null(strstr(why.text, "200 fields"));
    size = (size_t)sprintf(body, PART "a\r\nX: ");
    memset(body + size, 'x', FORM_LINE_BYTES_MAX);
    sprintf(body + size + FORM_LINE_BYTES_MAX - 3, "\r\n\r\n1" END);
    assert_int_equal(read_in_pieces(&(struct input){MULTIPART, body, 0}, 100, &seen, &why), 0);
    memset(body + size, 'x', FORM_LINE_BYTES_MAX);
    sprintf(body + size + FORM_LINE_BYTES_MAX - 2, "\r\n\r\n1" END);
    assert_int_equal(read_in_pieces(&(struct input){MULTIPART, body, 0}, 100, &seen, &why), -1);
    size = (size_t)sprintf(body, PART "a\r\n");
    for (int i = 0; i < FORM_LINES_MAX; i++)
        size += (size_t)sprintf(body + size, "X: y\r\n");
    sprintf(body + size, "\r\n1" END);
    assert_int_equal(read_in_pieces(&(struct input){MULTIPART, body, 0}, 100, &seen, &why), -1);
    assert_non_null(strstr(why.text, "16 headers"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_reads_the_same_in_pieces_of_any_size),
        cmocka_unit_test(a_wrong_form_is_refused_with_its_field),
        cmocka_unit_test(what_an_event_says_ends_the_reading),
        cmocka_unit_test(names_fields_and_headers_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
