import { createPollingHints } from '../../../../nodes/watch/hints/polling.ts';
import { describeHints } from '../../../conformance/hints.ts';

describeHints('polling', createPollingHints, { reports: false });
