/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Announce, halt, wake: the handshake of ../ABI.rst, for one vCPU.
 *
 * Names are those of the C: ../dispatch.c, monitor/ptimer.c, monitor/run.c, and
 * the guest's in guest-linux-patch/.  README.rst says what is proved and what
 * is left out.  With one of the BUG_ macros there is an error to be found.
 *
 * Guest and monitor are one thread, so one process.  What can come between two
 * of its steps are the clock, the host's timer and a device.
 */
#define END		3	/* time runs from 1 to END */
#define FORGOTTEN	0
#define NEVER		15	/* LULL_DEADLINE_NEVER */
#ifndef ROUNDS
#define ROUNDS		2	/* deadlines that the guest stores */
#endif

byte now = 1;

/* The shared page. */
bool page_state;		/* LULL_STATE_IDLE */
byte page_borrowed_cr3;
byte page_deadline = NEVER;
byte page_armed = NEVER;

/* The guest. */
byte cr3 = 1;
bool interrupts_on = true;
bool is_idle;
byte wanted = NEVER;		/* what it waits for: never read by the VMM */
byte stored, seen, rounds;
mtype = { STORE, LOAD, COMPARE, THEN, COMPUTE, IDLE, ANNOUNCE, HALT, WAKE };
mtype at = STORE;		/* its next instruction */
bool calls, interrupted;

/* The vCPU, and struct lull_ptimer in it. */
bool halted, in_guest, window;
bool fired, pending, taken, near;
byte deadline = NEVER, armed = NEVER, bound, limit;

/* The host: its timer, the thread's place in the wait queue, a device. */
bool timer_set, queued, woken, ipi, irq;
byte timer_expires;

#define has_irq		(pending || irq)
#define wakes		(has_irq && interrupts_on)
#define halt_ends	(wakes || fired)

/* lull_vcpu_kick() */
inline kick()
{
	if
	:: queued -> woken = true
	:: else
	fi;
	if
	:: in_guest -> ipi = true
	:: else
	fi
}

active proctype clock()
{
	do
	:: now < END -> now++
	:: now == END -> break
	od
}

active proctype timer_fires()
{
	do
	:: d_step {
		timer_set && now >= timer_expires ->
		timer_set = false;
		timer_expires = 0
	   };
	   fired = true;
	   kick()
	od
}

active proctype device()
{
	irq = true;
	kick()
}

inline arm(most)
{
	d_step {
		limit = (most < deadline -> most : deadline);
		if
		:: limit != armed ->
		   armed = limit;
		   timer_set = (limit != NEVER);
		   timer_expires = (timer_set -> limit : 0)
		:: else
		fi;
		limit = 0
	}
}

inline forget_armed()
{
	d_step { fired = false; armed = FORGOTTEN }
}

inline take_deadline()
{
	d_step {
		if
		:: deadline <= now ->
		   assert(wanted <= now);	/* no early wake */
		   wanted = NEVER;
		   deadline = NEVER;
		   pending = true;
		   taken = true
		:: else
		fi
	}
}

inline publish()
{
	d_step {
		if
		:: taken ->
#ifndef BUG_KEEP_DEADLINE
		   page_deadline = NEVER;
#endif
		   taken = false
		:: else
		fi;
		page_armed = armed;
		deadline = NEVER	/* it is read before it is used again */
	}
}

/* begin_stay(): the estimate may be any. */
inline arm_for_stay()
{
	if
	:: bound = now + 1
	:: bound = now + 2
	fi;
	arm(bound);
	bound = 0
}

inline ptimer_look()
{
	calls = false;
	forget_armed();
	deadline = page_deadline;
	take_deadline();
	if
	:: taken || deadline == NEVER -> arm_for_stay()
	:: !taken -> arm(NEVER)
	fi;
	publish()
}

#define ptimer_waits	(now < deadline && deadline - now < 2)

inline ptimer_halt()
{
	deadline = page_deadline;
	if
	:: fired -> forget_armed()
	:: else
	fi;
	take_deadline();
	if
	:: ptimer_waits -> near = true
	:: else -> near = false; arm(NEVER)
	fi
}

inline ptimer_expire()
{
	near = false;
	forget_armed();
	take_deadline();
	arm(NEVER)
}

inline ptimer_resume()
{
	near = false;
	take_deadline();
	arm_for_stay();
	publish()
}

/* swait_event_interruptible_exclusive() */
inline wait_event()
{
#ifdef BUG_CHECK_BEFORE_QUEUE
	if
	:: halt_ends
	:: else ->
	   d_step { queued = true; woken = false };
	   woken
	fi;
#else
	d_step { queued = true; woken = false };
	if
	:: halt_ends
	:: else -> woken
	fi;
#endif
	d_step { queued = false; woken = false }
}

/* need_resched() may come at any time. */
inline spin_in_halt()
{
	do
	:: ptimer_waits && !halt_ends
	:: !ptimer_waits || halt_ends -> break
	:: break
	od;
#ifdef BUG_SPIN_FOR_NOTHING
	near = false
#else
	ptimer_expire()
#endif
}

inline sleep_in_halt()
{
	if
	:: !wakes && near -> spin_in_halt()
	:: else
	fi;
	do
	:: wakes -> break
	:: else ->
	   wait_event();
	   if
	   :: fired -> ptimer_expire()
	   :: else
	   fi
	od
}

/* An announcement counts only for the page tables that are loaded. */
inline begin_halt()
{
	if
#ifdef BUG_STALE_CR3
	:: page_state ->
#else
	:: page_state && page_borrowed_cr3 == cr3 ->
#endif
	   assert(is_idle && page_borrowed_cr3 == cr3)
	:: else
	fi;
	d_step { interrupts_on = true; halted = true };
	ptimer_halt()
}

inline deliver_irq()
{
	d_step {
		if
		:: interrupts_on && pending ->
		   pending = false;
		   interrupted = true
		:: interrupts_on && !pending && irq ->
		   irq = false;
		   interrupted = true
		:: else
		fi;
		window = has_irq
	}
}

inline leave()
{
	d_step { in_guest = false; ipi = false }
}

/* Between two of the guest's instructions an exit may come. */
#define must_exit	(ipi || (window && interrupts_on))

active proctype vcpu()
{
	/* prepare() and enter() */
enter:
	if
	:: halted ->
	   sleep_in_halt();
	   halted = false;
	   ptimer_resume();
	   goto enter
	:: !halted && (fired || calls) -> ptimer_look(); goto enter
	:: else -> in_guest = true
	fi;
#ifndef BUG_NO_RECHECK
	if
	:: fired -> in_guest = false; goto enter
	:: else
	fi;
#endif
	deliver_irq();

	/* The guest, one instruction after the other. */
guest:
	if
	:: must_exit -> leave(); goto enter

	/* lull_timer_next_event() */
	:: at == STORE ->
	   if
	   :: stored = now
	   :: stored = now + 1
	   :: stored = now + 2
	   :: stored = NEVER
	   fi;
#ifdef BUG_ARMED_FIRST
	   seen = page_armed;
	   at = LOAD
	:: at == LOAD ->
	   d_step { page_deadline = stored; wanted = stored; at = COMPARE }
#else
	   d_step { page_deadline = stored; wanted = stored; at = LOAD }
	:: at == LOAD -> d_step { seen = page_armed; at = COMPARE }
#endif
	:: at == COMPARE ->
	   d_step {
		calls = stored < seen;
		stored = 0;
		seen = 0;
		at = THEN
	   };
	   if
	   :: calls -> leave(); goto enter	/* LULL_HC_ARM_TIMER */
	   :: else
	   fi

	:: at == THEN && rounds < ROUNDS - 1 -> rounds++; at = STORE
	:: at == THEN -> at = COMPUTE
	:: at == THEN -> at = IDLE
	/* Until an interrupt comes. */
	:: at == COMPUTE && interrupted -> interrupted = false; at = THEN

	/* lull_announce_idle(), lull_idle() */
	:: at == IDLE ->
	   d_step {
		interrupts_on = false;
		interrupted = false;
		is_idle = true;
		page_borrowed_cr3 = cr3
	   };
	   at = ANNOUNCE
	:: at == ANNOUNCE -> d_step { page_state = true; at = HALT }
	:: at == ANNOUNCE ->
	   /* what it borrowed is freed */
	   d_step { page_state = true; cr3 = 2; at = HALT }
	:: at == HALT ->		/* LULL_HC_IDLE_HALT */
	   leave();
	   begin_halt();
	   at = WAKE;
	   goto enter
	:: at == WAKE ->
	   d_step {
		page_state = false;
		page_borrowed_cr3 = 0;
		is_idle = false;
		interrupted = false;
		cr3 = 1;
		at = THEN
	   }
	fi;
	goto guest
}

/* When nothing moves any more nothing is left to be done: no lost wake-up. */
active proctype at_rest()
{
	timeout;
	assert(now == END);
	assert(wanted > now && !pending && !irq)
}
