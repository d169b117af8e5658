/**
 * What is asked of V8 and of the C library, so that memory which is free goes back to the system. Of a process with
 * half a dozen threads that passes megabytes between them the defaults keep several times what it uses.
 */

/**
 * glibc's malloc, read once when a process begins; others ignore it. By default each thread takes blocks from areas of
 * its own, and every large block that is freed raises the size up to which blocks are kept instead of given back.
 * Naming it (mallopt(3), M_MMAP_THRESHOLD) keeps it where it is. 32 KiB is below the pieces in which sockets and files
 * are read: those of a fast upload are garbage by the dozen of megabytes before V8 looks at them, and what was freed of
 * them between smaller blocks stayed with the process.
 */
export const allocator: Readonly<Record<string, string>> = {
	MALLOC_ARENA_MAX: '1',
	MALLOC_MMAP_THRESHOLD_: '32768',
	MALLOC_TRIM_THRESHOLD_: '131072',
};

/** Of the main thread, MB: V8 would let what is new, most of it garbage, grow to 96. */
export const mainSemiSpaceMb = 8;

/**
 * What each heap may grow to, MB: V8's own choice on a machine of 4 GB. With more it lets a heap grow to four times what
 * lives in it before it looks for garbage, with this to about one and a half (`MemoryController::MaxGrowingFactor`), so that
 * what a caller made everybody hold for a moment is given back. What lives in a heap is bounded by what is admitted.
 */
export const heapMb = 1024;

/** Of a thread: messages are garbage at once, and at V8's own limit each thread would keep 48 MB of it. */
export const threadLimits = { maxYoungGenerationSizeMb: 12 } as const;
