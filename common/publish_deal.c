#include "common/publish_deal.h"

#include <assert.h>
#include <stdlib.h>

#define WINDOW_FIRST 256
#define CASE_BUCKETS 1024
#define NOBODY (-1)

enum slot_state { SLOT_FINISHED, SLOT_WAITING, SLOT_UNDER_WAY };

struct slot { /* an entry above the mark */
    struct deal_case *of_case;
    uint64_t next_of_case;   /* seq, 0: none */
    uint64_t next_of_member; /* in the order in which they were sent; 0: none */
    int16_t member;
    uint8_t state;
};

/* A case with entries that are not finished: first those under way, all at one member, then those that wait. */
struct deal_case {
    struct deal_case *next_same_hash;
    uint64_t case_id;
    uint64_t first, last, first_waiting; /* seqs; first_waiting 0: none */
    uint32_t under_way;
    int16_t member;
};

struct deal_member {
    bool used;
    uint64_t credit;
    uint64_t first, last; /* seqs under way, in the order in which they were sent; 0: none */
};

struct deal {
    uint64_t mark, next;
    uint64_t waiting; /* entries */
    uint64_t look;    /* no entry below can be dealt */
    uint64_t credit;  /* of all members */
    struct slot *slots;
    size_t room; /* a power of two: seq modulo room is its slot */
    struct deal_case *cases[CASE_BUCKETS], *spare;
    struct deal_member members[DEAL_MEMBERS_MAX];
    int current; /* gets entries while its stretch lasts */
    uint32_t stretch;
};

static struct slot *slot_of(const struct deal *deal, uint64_t seq) {
    return &deal->slots[seq & (deal->room - 1)];
}

/* ---- cases ------------------------------------------------------------------------------------------------------------ */

static struct deal_case **case_bucket(struct deal *deal, uint64_t case_id) {
    return &deal->cases[(case_id * UINT64_C(0x9e3779b97f4a7c15)) >> 54];
}

static struct deal_case *case_add(struct deal *deal, uint64_t case_id) {
    struct deal_case **bucket = case_bucket(deal, case_id);
    for (struct deal_case *known = *bucket; known != NULL; known = known->next_same_hash)
        if (known->case_id == case_id)
            return known;
    struct deal_case *added = deal->spare;
    if (added != NULL)
        deal->spare = added->next_same_hash;
    else
        added = malloc(sizeof *added);
    assert(added != NULL);
    *added = (struct deal_case){.next_same_hash = *bucket, .case_id = case_id, .member = NOBODY};
    *bucket = added;
    return added;
}

static void case_drop(struct deal *deal, struct deal_case *gone) {
    struct deal_case **at = case_bucket(deal, gone->case_id);
    while (*at != gone)
        at = &(*at)->next_same_hash;
    *at = gone->next_same_hash;
    gone->next_same_hash = deal->spare;
    deal->spare = gone;
}

/* Its first entry is finished. */
static void case_advance(struct deal *deal, struct deal_case *of, uint64_t seq) {
    assert(of->first == seq && of->under_way > 0);
    of->first = slot_of(deal, seq)->next_of_case;
    if (--of->under_way == 0)
        of->member = NOBODY;
    if (of->first == 0)
        case_drop(deal, of);
}

/* ---- the window ------------------------------------------------------------------------------------------------------- */

struct deal *deal_open(uint64_t mark) {
    struct deal *deal = calloc(1, sizeof *deal);
    assert(deal != NULL);
    deal->mark = mark;
    deal->next = deal->look = mark + 1;
    deal->room = WINDOW_FIRST;
    deal->slots = calloc(deal->room, sizeof *deal->slots);
    assert(deal->slots != NULL);
    deal->current = NOBODY;
    return deal;
}

static void free_cases(struct deal_case *list) {
    while (list != NULL) {
        struct deal_case *next = list->next_same_hash;
        free(list);
        list = next;
    }
}

void deal_close(struct deal **deal) {
    if (*deal == NULL)
        return;
    for (size_t i = 0; i < CASE_BUCKETS; i++)
        free_cases((*deal)->cases[i]);
    free_cases((*deal)->spare);
    free((*deal)->slots);
    free(*deal);
    *deal = NULL;
}

static void grow_window(struct deal *deal) {
    size_t room = deal->room * 2;
    struct slot *slots = calloc(room, sizeof *slots);
    assert(slots != NULL);
    for (uint64_t seq = deal->mark + 1; seq < deal->next; seq++)
        slots[seq & (room - 1)] = *slot_of(deal, seq);
    free(deal->slots);
    deal->slots = slots;
    deal->room = room;
}

static struct slot *add_slot(struct deal *deal, uint64_t seq) {
    assert(seq == deal->next && seq - deal->mark <= DEAL_WINDOW_ENTRIES_MAX);
    if (seq - deal->mark > deal->room)
        grow_window(deal);
    deal->next++;
    struct slot *slot = slot_of(deal, seq);
    *slot = (struct slot){.member = NOBODY, .state = SLOT_FINISHED};
    return slot;
}

static void move_mark(struct deal *deal) {
    while (deal->mark + 1 < deal->next && slot_of(deal, deal->mark + 1)->state == SLOT_FINISHED)
        deal->mark++;
    if (deal->look <= deal->mark)
        deal->look = deal->mark + 1;
}

static void look_again(struct deal *deal) {
    deal->look = deal->mark + 1;
}

/* ---- members ------------------------------------------------------------------------------------------------------------ */

int deal_join(struct deal *deal) {
    for (int i = 0; i < DEAL_MEMBERS_MAX; i++) {
        if (deal->members[i].used)
            continue;
        deal->members[i] = (struct deal_member){.used = true};
        return i;
    }
    return -1;
}

void deal_set_credit(struct deal *deal, int member, uint64_t credit) {
    struct deal_member *of = &deal->members[member];
    if (credit > of->credit)
        look_again(deal);
    deal->credit = deal->credit - of->credit + credit;
    of->credit = credit;
}

uint64_t deal_credit(const struct deal *deal, int member) {
    return deal->members[member].credit;
}

void deal_leave(struct deal *deal, int member) {
    struct deal_member *of = &deal->members[member];
    for (uint64_t seq = of->first, next; seq != 0; seq = next) {
        struct slot *slot = slot_of(deal, seq);
        next = slot->next_of_member;
        slot->state = SLOT_WAITING;
        slot->member = NOBODY;
        slot->next_of_member = 0;
        slot->of_case->under_way = 0;
        slot->of_case->member = NOBODY;
        slot->of_case->first_waiting = slot->of_case->first;
        deal->waiting++;
    }
    deal_set_credit(deal, member, 0);
    *of = (struct deal_member){.used = false};
    if (deal->current == member)
        deal->current = NOBODY;
    look_again(deal);
}

int deal_applied(struct deal *deal, int member, uint64_t seq) {
    struct deal_member *of = &deal->members[member];
    if (seq >= deal->next)
        return -1;
    const struct slot *last = slot_of(deal, seq);
    if (seq <= deal->mark || last->state != SLOT_UNDER_WAY || last->member != member)
        return 0;
    for (uint64_t finished = 0; finished != seq;) {
        finished = of->first;
        struct slot *slot = slot_of(deal, finished);
        of->first = slot->next_of_member;
        case_advance(deal, slot->of_case, finished);
        slot->state = SLOT_FINISHED;
        slot->of_case = NULL;
    }
    if (of->first == 0)
        of->last = 0;
    if (deal->waiting > 0)
        look_again(deal);
    move_mark(deal);
    return 0;
}

/* ---- dealing ------------------------------------------------------------------------------------------------------------- */

/* The one after the current that has credit; NOBODY when nobody has any. */
static int next_member(const struct deal *deal) {
    for (int i = 1; i <= DEAL_MEMBERS_MAX; i++) {
        int number = (deal->current + i + DEAL_MEMBERS_MAX) % DEAL_MEMBERS_MAX;
        if (deal->members[number].credit > 0)
            return number;
    }
    return NOBODY;
}

static int choose_member(struct deal *deal, const struct deal_case *of) {
    if (of->under_way > 0)
        return deal->members[of->member].credit > 0 ? of->member : NOBODY;
    bool stays = deal->current != NOBODY && deal->stretch > 0 && deal->members[deal->current].credit > 0;
    if (!stays) {
        deal->current = next_member(deal);
        deal->stretch = DEAL_STRETCH_ENTRIES;
    }
    deal->stretch--;
    return deal->current;
}

static bool can_deal(const struct deal *deal, uint64_t seq) {
    const struct slot *slot = slot_of(deal, seq);
    if (slot->state != SLOT_WAITING || slot->of_case->first_waiting != seq)
        return false;
    const struct deal_case *of = slot->of_case;
    return of->under_way > 0 ? deal->members[of->member].credit > 0 : deal->credit > 0;
}

uint64_t deal_wanted(struct deal *deal) {
    if (deal->credit == 0)
        return 0;
    for (; deal->waiting > 0 && deal->look < deal->next; deal->look++)
        if (can_deal(deal, deal->look))
            return deal->look;
    return deal->next - deal->mark <= DEAL_WINDOW_ENTRIES_MAX ? deal->next : 0;
}

static void add_waiting(struct deal *deal, uint64_t seq, uint64_t case_id) {
    struct slot *slot = add_slot(deal, seq);
    struct deal_case *of = case_add(deal, case_id);
    slot->state = SLOT_WAITING;
    slot->of_case = of;
    if (of->first == 0)
        of->first = seq;
    else
        slot_of(deal, of->last)->next_of_case = seq;
    of->last = seq;
    if (of->first_waiting == 0)
        of->first_waiting = seq;
    deal->waiting++;
}

int deal_entry(struct deal *deal, uint64_t seq, uint64_t case_id) {
    if (seq <= deal->mark || seq > deal->next)
        return DEAL_NOT_WANTED;
    if (seq == deal->next && seq - deal->mark > DEAL_WINDOW_ENTRIES_MAX)
        return DEAL_NOT_NOW;
    if (seq == deal->next)
        add_waiting(deal, seq, case_id);
    struct slot *slot = slot_of(deal, seq);
    if (slot->state != SLOT_WAITING)
        return DEAL_NOT_WANTED;
    struct deal_case *of = slot->of_case;
    int number = of->first_waiting == seq ? choose_member(deal, of) : NOBODY;
    if (number == NOBODY)
        return DEAL_NOT_NOW;
    struct deal_member *member = &deal->members[number];
    slot->state = SLOT_UNDER_WAY;
    slot->member = (int16_t)number;
    slot->next_of_member = 0;
    if (member->first == 0)
        member->first = seq;
    else
        slot_of(deal, member->last)->next_of_member = seq;
    member->last = seq;
    of->member = (int16_t)number;
    of->under_way++;
    of->first_waiting = slot->next_of_case;
    member->credit--;
    deal->credit--;
    deal->waiting--;
    return number;
}

void deal_leave_out(struct deal *deal, uint64_t seq) {
    if (seq != deal->next || seq - deal->mark > DEAL_WINDOW_ENTRIES_MAX)
        return; /* was left out before */
    (void)add_slot(deal, seq);
    move_mark(deal);
}

uint64_t deal_mark(const struct deal *deal) {
    return deal->mark;
}

uint64_t deal_next(const struct deal *deal) {
    return deal->next;
}
