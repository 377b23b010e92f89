// SPDX-License-Identifier: GPL-2.0-only
/* Why a guest stops, and the exit status that follows from it. */
#include "stop.h"

/**
 * stop_request() - say that the guest should stop
 * @stop: the guest's
 * @cause: why
 * @detail: status or signal
 *
 * Return: whether this was the first request, which is the one that counts
 */
bool stop_request(struct stop *stop, enum stop_cause cause, u8 detail)
{
	unsigned int none = STOP_NONE;

	return atomic_compare_exchange_strong(&stop->word, &none,
					      cause | detail << 8);
}

/**
 * stop_cause() - why the guest stops
 * @stop: the guest's
 *
 * Return: STOP_NONE as long as it should run
 */
enum stop_cause stop_cause(struct stop *stop)
{
	return atomic_load(&stop->word) & 0xff;
}

/**
 * stop_status() - the exit status of lull run
 * @stop: the guest's
 *
 * Return: 0 to 255
 */
int stop_status(struct stop *stop)
{
	u8 detail = atomic_load(&stop->word) >> 8;

	switch (stop_cause(stop)) {
	case STOP_NONE:
	case STOP_QUIT:
		return 0;
	case STOP_EXIT:
		return detail;
	case STOP_RESET:
		return STATUS_RESET;
	case STOP_SIGNAL:
		return STATUS_SIGNAL + detail;
	case STOP_SHUTDOWN:
		return STATUS_SHUTDOWN;
	case STOP_DEAD:
		return STATUS_DEAD;
	case STOP_ERROR:
		break;
	}
	return STATUS_ERROR;
}
