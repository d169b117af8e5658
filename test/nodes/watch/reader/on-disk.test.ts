import { createDiskReader } from '../../../../nodes/watch/reader/reader-on-disk.ts';
import { describeReader } from '../../../conformance/reader.ts';

describeReader('in the main thread', createDiskReader);
