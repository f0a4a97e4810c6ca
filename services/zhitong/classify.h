/* zhitong classify train and zhitong classify try: a model for POST /assist/classify, made from texts with labels. */
#ifndef ZHITONG_ZHITONG_CLASSIFY_H
#define ZHITONG_ZHITONG_CLASSIFY_H

int classify_train_command(int argc, char **argv);
int classify_try_command(int argc, char **argv);

#endif
