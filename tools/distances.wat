;; Squared distances from a query to many vectors of signed bytes: the inner loop of every search by vector. It is the
;; source of api/adapters/sqlite-vec/distance-program.ts, which `npm run kernel` makes; vector-blocks.ts beside that says
;; what lies where in the memory.
(module
  (import "index" "memory" (memory 1))

  ;; $query: the numbers of the query, 16 bits each. $row: the first vector; $stride: how many bytes further the next one
  ;; lies, a multiple of 16; what a vector lacks of it is zero, in the query as well. $into: an i32 for each of $count.
  ;; No sum overflows: 8,192 numbers that are 255 apart give 532,684,800.
  (func (export "distances")
    (param $query i32) (param $row i32) (param $count i32) (param $stride i32) (param $into i32)
    (local $last i32) (local $next i32) (local $at i32)
    (local $apart v128) (local $even v128) (local $odd v128)
    (local.set $last (i32.add (local.get $into) (i32.shl (local.get $count) (i32.const 2))))
    (block $done
      (loop $vectors
        (br_if $done (i32.ge_u (local.get $into) (local.get $last)))
        (local.set $at (local.get $query))
        (local.set $next (i32.add (local.get $row) (local.get $stride)))
        (local.set $even (v128.const i32x4 0 0 0 0))
        (local.set $odd (v128.const i32x4 0 0 0 0))
        ;; Sixteen numbers a turn, in two sums that do not wait for each other.
        (loop $numbers
          (local.set $apart
            (i16x8.sub (v128.load8x8_s (local.get $row)) (v128.load (local.get $at))))
          (local.set $even
            (i32x4.add (local.get $even) (i32x4.dot_i16x8_s (local.get $apart) (local.get $apart))))
          (local.set $apart
            (i16x8.sub (v128.load8x8_s offset=8 (local.get $row)) (v128.load offset=16 (local.get $at))))
          (local.set $odd
            (i32x4.add (local.get $odd) (i32x4.dot_i16x8_s (local.get $apart) (local.get $apart))))
          (local.set $row (i32.add (local.get $row) (i32.const 16)))
          (local.set $at (i32.add (local.get $at) (i32.const 32)))
          (br_if $numbers (i32.lt_u (local.get $row) (local.get $next))))
        (local.set $even (i32x4.add (local.get $even) (local.get $odd)))
        (i32.store (local.get $into)
          (i32.add
            (i32.add (i32x4.extract_lane 0 (local.get $even)) (i32x4.extract_lane 1 (local.get $even)))
            (i32.add (i32x4.extract_lane 2 (local.get $even)) (i32x4.extract_lane 3 (local.get $even)))))
        (local.set $into (i32.add (local.get $into) (i32.const 4)))
        (br $vectors)))))
