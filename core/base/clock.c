#include "base/clock.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static int64_t read_clock_ns(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clock_now_ms(void)
{
    return read_clock_ns(CLOCK_REALTIME) / 1000000;
}

int64_t clock_monotonic_ns(void)
{
    return read_clock_ns(CLOCK_MONOTONIC);
}

double clock_seconds_since(int64_t monotonic_ns)
{
    return (double)(clock_monotonic_ns() - monotonic_ns) * 1e-9;
}

struct timespec clock_monotonic_in(int64_t ms)
{
    const int64_t then_ns = clock_monotonic_ns() + ms * 1000000;
    return (struct timespec){.tv_sec = (time_t)(then_ns / 1000000000),
                             .tv_nsec = (long)(then_ns % 1000000000)};
}

int64_t clock_thread_cpu_ns(void)
{
    return read_clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* Days since 1970-01-01 of a proleptic Gregorian date, and back. Years are counted from March, so
 * that the leap day comes last, in eras of 400 years = 146,097 days. */
static int64_t days_of_date(int64_t year, int month, int day)
{
    year -= month <= 2;
    const int64_t era = (year >= 0 ? year : year - 399) / 400;
    const int64_t year_of_era = year - era * 400;
    const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static void date_of_days(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const int64_t doe = days - era * 146097;
    const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const int64_t march_month = (5 * doy + 2) / 153;
    *day = (int)(doy - (153 * march_month + 2) / 5 + 1);
    *month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    *year = yoe + era * 400 + (*month <= 2);
}

enum { DAY_MS = 86400000 };

void time_format(int64_t ms, char out[TIME_TEXT_SIZE])
{
    int64_t days = ms / DAY_MS, rest = ms % DAY_MS, year;
    if (rest < 0) {
        rest += DAY_MS;
        days--;
    }
    int month, day;
    date_of_days(days, &year, &month, &day);
    snprintf(out, TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)year, month, day,
             (int)(rest / 3600000), (int)(rest / 60000 % 60), (int)(rest / 1000 % 60),
             (int)(rest % 1000));
}

/* Exactly n digits at *at, which moves past them; -1 when they are not there. */
static int take_digits(const char **at, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return -1;
        value = value * 10 + (**at - '0');
    }
    return value;
}

static bool take(const char **at, char expected)
{
    if (**at != expected)
        return false;
    (*at)++;
    return true;
}

static bool take_fraction(const char **at, int *ret_ms)
{
    int scale = 100;
    *ret_ms = 0;
    if (**at < '0' || **at > '9')
        return false;
    for (; **at >= '0' && **at <= '9'; (*at)++, scale /= 10)
        *ret_ms += (**at - '0') * scale;
    return true;
}

/* Z, z, +hh:mm or -hh:mm, as minutes east of UTC */
static bool take_offset(const char **at, int *ret_minutes)
{
    *ret_minutes = 0;
    if (take(at, 'Z') || take(at, 'z'))
        return true;
    const int sign = **at == '+' ? 1 : **at == '-' ? -1 : 0;
    if (sign == 0)
        return false;
    (*at)++;
    const int hours = take_digits(at, 2);
    if (hours < 0 || !take(at, ':'))
        return false;
    const int minutes = take_digits(at, 2);
    if (minutes < 0 || hours > 23 || minutes > 59)
        return false;
    *ret_minutes = sign * (hours * 60 + minutes);
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

enum status time_parse(const char *text, int64_t *ret_ms)
{
    const char *at = text;
    int year, month, day, hour, minute, second, ms = 0, offset;
    if ((year = take_digits(&at, 4)) < 0 || !take(&at, '-') || (month = take_digits(&at, 2)) < 0 ||
        !take(&at, '-') || (day = take_digits(&at, 2)) < 0)
        return STATUS_MALFORMED;
    if (!take(&at, 'T') && !take(&at, 't') && !take(&at, ' '))
        return STATUS_MALFORMED;
    if ((hour = take_digits(&at, 2)) < 0 || !take(&at, ':') || (minute = take_digits(&at, 2)) < 0 ||
        !take(&at, ':') || (second = take_digits(&at, 2)) < 0)
        return STATUS_MALFORMED;
    if (take(&at, '.') && !take_fraction(&at, &ms))
        return STATUS_MALFORMED;
    if (!take_offset(&at, &offset) || *at != '\0')
        return STATUS_MALFORMED;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) ||
        hour > 23 || minute > 59 || second > 60)
        return STATUS_OUT_OF_RANGE;
    const int64_t minutes = days_of_date(year, month, day) * 1440 + hour * 60 + minute - offset;
    const int64_t instant = (minutes * 60 + second) * 1000 + ms;
    if (instant < days_of_date(1, 1, 1) * DAY_MS || instant >= days_of_date(10000, 1, 1) * DAY_MS)
        return STATUS_OUT_OF_RANGE; /* the offset or the leap second led out of the four digits */
    *ret_ms = instant;
    return STATUS_OK;
}
