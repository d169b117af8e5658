import { systemClock } from '../watch/clock.ts';
import { throttle } from './throttle.ts';
import { createTransport, type Transport, type TransportContext } from './transport.ts';

/** The API of the node's credential, behind the throttle of this process. */
export const openApi = (context: TransportContext): Transport =>
	createTransport({ context, throttle, clock: systemClock, random: Math.random });
