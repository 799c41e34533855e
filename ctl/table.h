/*
 * table.h - the agent's status for people
 */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include <stdio.h>

#include <jansson.h>

/* The result of "status". */
void table_status(const json_t *status, FILE *out);

/* The result of "domain-list". */
void table_domains(const json_t *list, FILE *out);

#endif /* CTL_TABLE_H */
