/* The policies that the database keeps, one for each load that changed what a case is promised. They are never changed once
 * written, so that those up to the city's own version can be read after it. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/city_fields.h"
#include "common/city_private.h"
#include "common/db.h"

struct policies {
    struct policy *all;
    size_t count;
    uint64_t oldest, newest;
};

static int take_policies(struct policies *policies, struct db *db) {
    SCOPED_RESULT
    *result = db_take(db);

    if (result == NULL)
        return -1;
    policies->all = calloc((size_t)PQntuples(result) + 1, sizeof *policies->all);
    assert(policies->all != NULL);
    for (int row = 0; row < PQntuples(result); row++) {
        struct policy *policy = &policies->all[policies->count++];
        policy_open(policy, (size_t)db_int8(result, row, 2));
        policy->version = (uint64_t)db_int8(result, row, 0);
        policy->valid_from = db_time(result, row, 1);
        if (policies->oldest == 0 || policy->version < policies->oldest)
            policies->oldest = policy->version;
        if (policy->version > policies->newest)
            policies->newest = policy->version;
    }
    return 0;
}

static struct policy *policy_of(const struct policies *policies, const PGresult *result, int row) {
    uint64_t version = (uint64_t)db_int8(result, row, 0);

    for (size_t i = 0; i < policies->count; i++)
        if (policies->all[i].version == version)
            return &policies->all[i];
    return NULL;
}

static void add_item(struct policy *policy, const char *const *fields) {
    /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): as many columns as the query names */
    struct policy_item item = {.tier = field_number(fields[1]), .limit = field_limit(fields[2], fields[3])};

    snprintf(item.code, sizeof item.code, "%s", fields[0]);
    policy_add_item(policy, &item);
}

static int take_rows(const struct policies *policies, struct db *db,
                     void (*add)(struct policy *policy, const char *const *fields)) {
    SCOPED_RESULT
    *result = db_take(db);
    const char *fields[CITY_COLUMNS_MAX];

    if (result == NULL)
        return -1;
    for (int row = 0; row < PQntuples(result); row++) {
        struct policy *policy = policy_of(policies, result, row);
        for (int i = 1; i < PQnfields(result); i++)
            fields[i - 1] = db_text(result, row, i);
        if (policy != NULL)
            add(policy, fields);
    }
    return 0;
}

static int read_all(struct policies *policies, struct db *db, uint64_t version) {
    struct params kept = {0}, range = {0};

    params_int8(&kept, (int64_t)version);
    params_int8(&kept, POLICIES_KEPT_MAX);
    if (db_send(db, "city_read_policies", &kept) != 0 || take_policies(policies, db) != 0)
        return -1;
    params_int8(&range, (int64_t)policies->oldest);
    params_int8(&range, (int64_t)policies->newest);
    if (db_send(db, "city_read_policy_ladder", &range) != 0 || db_send(db, "city_read_policy_rules", &range) != 0 ||
        db_send(db, "city_read_policy_items", &range) != 0)
        return -1;
    if (take_rows(policies, db, policy_add_rung) != 0 || take_rows(policies, db, policy_add_rule) != 0)
        return -1;
    return take_rows(policies, db, add_item);
}

int city_read_policies(struct city *city, struct db *db) {
    struct policies policies = {0};
    struct policy *replaced = city->policies;
    size_t replaced_count = city->policy_count;

    int status = read_all(&policies, db, city->version);
    if (db_sync(db) != 0)
        status = -1;
    for (size_t i = 0; i < policies.count; i++)
        policy_finish(&policies.all[i]);
    if (status == 0 && policies.count > 0) {
        city->policies = policies.all;
        city->policy_count = policies.count;
        policies = (struct policies){.all = replaced, .count = replaced_count};
    }
    for (size_t i = 0; i < policies.count; i++)
        policy_close(&policies.all[i]);
    free(policies.all);
    return status;
}
