#include "services/zhitong/classify_score.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void score_open(struct score *score, const struct examples *examples) {
    *score = (struct score){.examples = examples};
    score->confusion = calloc((size_t)examples->label_count * examples->label_count, sizeof *score->confusion);
    assert(score->confusion != NULL);
}

void score_close(struct score *score) {
    free(score->confusion);
    score->confusion = NULL;
}

void score_add(struct score *score, uint32_t truth, const float *scores, float scale) {
    float probability[CLASSIFIER_LABELS_MAX];
    uint32_t labels = score->examples->label_count, said = 0, better = 0;

    memcpy(probability, scores, labels * sizeof *probability);
    classifier_weigh(scale, probability, labels);
    for (uint32_t label = 0; label < labels; label++) {
        if (probability[label] > probability[said])
            said = label;
        better += probability[label] > probability[truth];
    }
    score->confusion[(size_t)truth * labels + said]++;
    score->texts++;
    score->right += said == truth;
    score->among_top += better < SCORE_TOP;
    score->log_loss -= log(fmax(probability[truth], 1e-7));
    size_t bin = (size_t)(probability[said] * SCORE_BINS);
    bin = bin < SCORE_BINS ? bin : SCORE_BINS - 1;
    score->bins[bin].texts++;
    score->bins[bin].right += said == truth;
    score->bins[bin].probability += probability[said];
}

struct quality {
    size_t texts, said, right;
    double precision, recall, f1;
};

static struct quality quality_of(const struct score *score, uint32_t label) {
    uint32_t labels = score->examples->label_count;
    struct quality quality = {.right = score->confusion[(size_t)label * labels + label]};

    for (uint32_t other = 0; other < labels; other++) {
        quality.texts += score->confusion[(size_t)label * labels + other];
        quality.said += score->confusion[(size_t)other * labels + label];
    }
    double right = (double)quality.right;
    quality.precision = quality.said > 0 ? right / (double)quality.said : 0;
    quality.recall = quality.texts > 0 ? right / (double)quality.texts : 0;
    quality.f1 = quality.right > 0 ? 2 * right / (double)(quality.said + quality.texts) : 0;
    return quality;
}

double score_macro_f1(const struct score *score) {
    double sum = 0;

    for (uint32_t label = 0; label < score->examples->label_count; label++)
        sum += quality_of(score, label).f1;
    return sum / score->examples->label_count;
}

/* How far, on average, the probability of what was said is from how often it was right. */
static double calibration_error(const struct score *score) {
    double sum = 0;

    for (size_t bin = 0; bin < SCORE_BINS; bin++)
        sum += fabs(score->bins[bin].probability - (double)score->bins[bin].right);
    return sum / (double)score->texts;
}

void score_print(const struct score *score, FILE *out) {
    double texts = (double)score->texts;

    fprintf(out, "| texts | precision | recall | F1 | label |\n|---:|---:|---:|---:|---|\n");
    for (uint32_t label = 0; label < score->examples->label_count; label++) {
        struct quality quality = quality_of(score, label);
        fprintf(out, "| %zu | %.3f | %.3f | %.3f | %s |\n", quality.texts, quality.precision, quality.recall,
                quality.f1, score->examples->labels[label]);
    }
    fprintf(out, "\nmacro-F1 %.4f, right %.4f, among the first %d %.4f, log loss %.4f, calibration error %.4f\n",
            score_macro_f1(score), (double)score->right / texts, SCORE_TOP, (double)score->among_top / texts,
            score->log_loss / texts, calibration_error(score));
}

void score_print_confusion(const struct score *score, FILE *out) {
    uint32_t labels = score->examples->label_count;

    fprintf(out, "\n| truth, then what it was taken for |");
    for (uint32_t said = 0; said < labels; said++)
        fprintf(out, " %s |", score->examples->labels[said]);
    fprintf(out, "\n|---|");
    for (uint32_t said = 0; said < labels; said++)
        fprintf(out, "---:|");
    for (uint32_t truth = 0; truth < labels; truth++) {
        fprintf(out, "\n| %s |", score->examples->labels[truth]);
        for (uint32_t said = 0; said < labels; said++)
            fprintf(out, " %zu |", score->confusion[(size_t)truth * labels + said]);
    }
    fputc('\n', out);
}
