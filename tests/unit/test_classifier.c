#include "common/classifier.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define DIGEST_BYTES 16
#define HEADER_BYTES 28

/* ---- grams ---------------------------------------------------------------------------------------------------------------- */

static struct grams grams_of(const char *text, unsigned lengths) {
    struct grams grams = {0};

    grams_read(&grams, lengths, text, strlen(text));
    return grams;
}

static size_t count_of(const char *text, unsigned lengths) {
    struct grams grams = grams_of(text, lengths);
    size_t count = grams.count;

    grams_close(&grams);
    return count;
}

static uint32_t repeats(const struct grams *grams, uint64_t hash) {
    for (size_t slot = 0; slot <= grams->mask; slot++)
        if (grams->slots[slot].hash == hash)
            return grams->slots[slot].count;
    return 0;
}

static bool alike(const char *one, const char *other) {
    struct grams a = grams_of(one, 7), b = grams_of(other, 7);
    bool same = a.count == b.count;

    for (size_t slot = 0; same && slot <= a.mask; slot++)
        if (a.slots[slot].hash != 0)
            same = repeats(&b, a.slots[slot].hash) == a.slots[slot].count;
    grams_close(&a);
    grams_close(&b);
    return same;
}

static void a_text_has_the_grams_of_its_tokens(void **state) {
    static const struct {
        const char *text;
        size_t of_1, of_2, of_3;
    } examples[] = {
        {"", 0, 0, 0},
        {"，。！ \n", 0, 0, 0},
        {"路灯不亮", 4, 3, 2},
        {"路灯，不亮", 4, 2, 0},
        {"路灯 不亮", 4, 3, 2},
        {"路灯路灯", 2, 2, 2},
        {"The street lamp is out", 5, 4, 3},
        {"lamp. lamp", 1, 0, 0},
        {"3号楼 lamp灯", 5, 4, 3},
        {"\xff\xfe", 0, 0, 0},
        {"路\xe7\x81灯", 2, 0, 0}, /* a cut character parts like punctuation */
        {"\xc0\xaf灯", 1, 0, 0},   /* overlong */
        {"灯\xed\xa0\x80", 1, 0, 0},
        {"灯\xe7", 1, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(examples); i++) {
        assert_int_equal(count_of(examples[i].text, GRAMS_OF_1), examples[i].of_1);
        assert_int_equal(count_of(examples[i].text, GRAMS_OF_2), examples[i].of_2);
        assert_int_equal(count_of(examples[i].text, GRAMS_OF_3), examples[i].of_3);
        assert_int_equal(count_of(examples[i].text, 7), examples[i].of_1 + examples[i].of_2 + examples[i].of_3);
    }
}

static void case_width_and_digits_do_not_matter_but_order_does(void **state) {
    (void)state;
    assert_true(alike("Lamp OUT", "lamp out"));
    assert_true(alike("ＬＡＭＰ　１２", "lamp 99"));
    assert_true(alike("ÉCOLE", "école"));
    assert_true(alike("13812345678", "13987654321"));
    assert_false(alike("12", "123"));
    assert_false(alike("灯路", "路灯"));
    assert_false(alike("lamp", "lamps"));
}

static void a_gram_that_repeats_is_counted_and_a_long_text_is_cut(void **state) {
    struct grams grams = grams_of("灯灯灯", GRAMS_OF_1);
    char *text = malloc(3 * GRAM_TEXT_BYTES_MAX);

    (void)state;
    assert_int_equal(grams.count, 1);
    for (size_t slot = 0; slot <= grams.mask; slot++)
        assert_true(grams.slots[slot].count == 0 || grams.slots[slot].count == 3);
    assert_non_null(text);
    for (size_t i = 0; i < 3 * GRAM_TEXT_BYTES_MAX; i++)
        text[i] = i % 2 == 0 ? (char)('a' + i / 2 % 26) : ' ';
    memcpy(text + 2 * GRAM_TEXT_BYTES_MAX, "q1 q2", 5);
    grams_read(&grams, 7, text, 3 * GRAM_TEXT_BYTES_MAX);
    assert_int_equal(grams.count, 78);
    free(text);
    grams_close(&grams);
    grams_close(&grams);
}

/* ---- asking --------------------------------------------------------------------------------------------------------------- */

static uint64_t hash_of(const char *token) {
    struct grams grams = grams_of(token, GRAMS_OF_1);
    uint64_t hash = 0;

    assert_int_equal(grams.count, 1);
    for (size_t slot = 0; slot <= grams.mask; slot++)
        hash |= grams.slots[slot].hash;
    grams_close(&grams);
    return hash;
}

/* Knows two tokens: 灯 speaks for the label lamp, 水 for water; nothing for other. */
static struct classifier *small_model(void) {
    struct classifier *classifier = classifier_make(3, 2);
    uint64_t lamp = hash_of("灯"), water = hash_of("水");
    size_t lamp_at = lamp < water ? 0 : 1;

    strcpy(classifier->labels[0], "lamp");
    strcpy(classifier->labels[1], "water");
    strcpy(classifier->labels[2], "其他");
    classifier->lengths = GRAMS_OF_1;
    classifier->scale = 2;
    classifier->texts = 7;
    classifier->hashes[lamp_at] = lamp;
    classifier->hashes[1 - lamp_at] = water;
    classifier->idf[0] = classifier->idf[1] = 1;
    classifier->bias[2] = -0.5f;
    classifier->weights[lamp_at * 3] = 1;
    classifier->weights[(1 - lamp_at) * 3 + 1] = 1;
    classifier_index(classifier);
    return classifier;
}

static void the_likeliest_label_is_first_and_probabilities_add_up(void **state) {
    struct classifier *classifier = small_model();
    struct likely likely[5];

    (void)state;
    assert_int_equal(classifier_ask(classifier, "灯坏了", likely, 5), 3);
    assert_string_equal(likely[0].label, "lamp");
    assert_string_equal(likely[1].label, "water");
    assert_string_equal(likely[2].label, "其他");
    assert_true(fabsf(likely[0].probability + likely[1].probability + likely[2].probability - 1) < 1e-5f);
    /* softmax of 2 × (1, 0, -0.5) */
    assert_true(fabsf(likely[0].probability - (float)(exp(2) / (exp(2) + 1 + exp(-1)))) < 1e-5f);
    assert_int_equal(classifier_ask(classifier, "水、水、灯", likely, 1), 1);
    assert_string_equal(likely[0].label, "water");
    classifier_close(&classifier);
    assert_null(classifier);
    classifier_close(&classifier);
}

static void a_text_of_which_nothing_is_known_gets_no_label(void **state) {
    struct classifier *classifier = small_model();
    struct likely likely[5];

    (void)state;
    assert_int_equal(classifier_ask(classifier, "hello", likely, 5), 0);
    assert_int_equal(classifier_ask(classifier, "", likely, 5), 0);
    classifier_close(&classifier);
}

/* ---- the file -------------------------------------------------------------------------------------------------------------- */

static void seal(uint8_t *bytes, size_t size) {
    crypto_generichash(bytes + size - DIGEST_BYTES, DIGEST_BYTES, bytes, size - DIGEST_BYTES, NULL, 0);
}

static void a_model_is_read_as_it_was_written(void **state) {
    char path[] = "/tmp/zhitong-model-XXXXXX";
    struct classifier *classifier = small_model(), *read = NULL;
    struct reason why;
    struct likely likely[2];
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    if (classifier_write(classifier, path, &why) != 0 || classifier_read(&read, path, &why) != 0)
        fail_msg("%s: %s", why.field, why.text);
    struct stat found;
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_size, classifier_file_bytes(classifier));
    assert_int_equal(read->texts, 7);
    assert_int_equal(read->lengths, GRAMS_OF_1);
    assert_memory_equal(read->weights, classifier->weights, 6 * sizeof(float));
    assert_int_equal(classifier_ask(read, "水", likely, 2), 2);
    assert_string_equal(likely[0].label, "water");
    unlink(path);
    classifier_close(&read);
    assert_int_equal(classifier_read(&read, path, &why), -1);
    assert_string_equal(why.field, "model");
    assert_int_equal(classifier_write(classifier, "/nowhere/at/all", &why), -1);
    assert_int_equal(classifier_read(&read, "/tmp", &why), -1);
    classifier_close(&classifier);
}

static void any_cut_and_any_flipped_byte_is_refused(void **state) {
    struct classifier *classifier = small_model(), *read = NULL;
    struct reason why;
    size_t size;
    uint8_t *bytes = classifier_print(classifier, &size);

    (void)state;
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(classifier_parse(&read, bytes, cut, &why), -1);
    for (size_t at = 0; at < size; at++) {
        bytes[at] ^= 1;
        assert_int_equal(classifier_parse(&read, bytes, size, &why), -1);
        assert_string_equal(why.field, "model");
        bytes[at] ^= 1;
    }
    assert_null(read);
    free(bytes);
    classifier_close(&classifier);
}

/* A hostile file has a digest that fits. */
static void a_file_that_lies_is_refused_though_its_digest_fits(void **state) {
    static const struct {
        const char *name;
        size_t at; /* where the four bytes go, from the front */
        bool back; /* from the digest backwards instead */
        uint32_t value;
    } examples[] = {
        {"no label", 8, false, 0},
        {"a thousand million labels", 8, false, 1000000000},
        {"one label more", 8, false, 4},
        {"no feature", 12, false, 0},
        {"all features there are", 12, false, UINT32_MAX},
        {"more features than fit", 12, false, 1u << 20},
        {"one feature less", 12, false, 1},
        {"no grams", 16, false, 0},
        {"grams of four tokens", 16, false, 8},
        {"scale 0", 24, false, 0},
        {"scale below 0", 24, false, 0xBF800000},
        {"scale NaN", 24, false, 0x7FC00000},
        {"scale infinite", 24, false, 0x7F800000},
        {"an empty label", HEADER_BYTES, false, 0},
        {"a label that goes past the end", HEADER_BYTES, false, 0xFFFFFFFF},
        {"a label that is no text", HEADER_BYTES, false, 0x01020304},
        {"a weight NaN", 4, true, 0x7FC00000},
        {"a weight infinite", 24, true, 0xFF800000},
        {"a weight past all bounds", 4, true, 0x7E000000},
        {"a bias NaN", 28, true, 0x7FC00001},
        {"an idf NaN", 40, true, 0x7FC00000},
        {"an idf of 0", 44, true, 0},
        {"features out of order", 48, true, 0},
    };
    struct classifier *classifier = small_model(), *read = NULL;
    struct reason why;
    size_t size;
    uint8_t *bytes = classifier_print(classifier, &size), *copy = malloc(size);

    (void)state;
    assert_non_null(copy);
    for (size_t i = 0; i < LENGTH(examples); i++) {
        size_t at = examples[i].back ? size - DIGEST_BYTES - examples[i].at : examples[i].at;
        memcpy(copy, bytes, size);
        memcpy(copy + at, &examples[i].value, 4);
        seal(copy, size);
        if (classifier_parse(&read, copy, size, &why) != -1)
            fail_msg("%s is taken", examples[i].name);
        assert_string_equal(why.field, "model");
    }
    memcpy(copy, bytes, size);
    seal(copy, size);
    assert_int_equal(classifier_parse(&read, copy, size, &why), 0);
    classifier_close(&read);
    classifier_close(&classifier);
    free(bytes);
    free(copy);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_has_the_grams_of_its_tokens),
        cmocka_unit_test(case_width_and_digits_do_not_matter_but_order_does),
        cmocka_unit_test(a_gram_that_repeats_is_counted_and_a_long_text_is_cut),
        cmocka_unit_test(the_likeliest_label_is_first_and_probabilities_add_up),
        cmocka_unit_test(a_text_of_which_nothing_is_known_gets_no_label),
        cmocka_unit_test(a_model_is_read_as_it_was_written),
        cmocka_unit_test(any_cut_and_any_flipped_byte_is_refused),
        cmocka_unit_test(a_file_that_lies_is_refused_though_its_digest_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
