/* `zhitong mail`: e-mails as reports, from a pipe or from a mailbox. */
#ifndef ZHITONG_ZHITONG_MAIL_H
#define ZHITONG_ZHITONG_MAIL_H

#define MAIL_USAGE \
    "--intake URL [--key-file FILE] [--channel CODE] [--item CODE] [--area CODE] [--imap URL --user NAME " \
    "--password-file FILE [--folder NAME] [--every SECONDS | --once] [--without-tls]]"

int mail_command(int argc, char **argv);

#endif
