"""The compiled loop of `kernels.products`; import it only where it runs, since numba takes a while."""

# mypy: disable-error-code="no-untyped-def"

import numba


@numba.njit(cache=True, nogil=True, fastmath={"contract"})
def add_product(left, right, total):
    """Add left' right to total (P, Q), of left (N, P) and right (N, Q); N in eights and P even.

    Eight rows of `right` and two of `total` at a time: they stay in the nearest cache, and each number that
    is loaded serves two multiplications.
    """
    rows, width = left.shape
    for n in range(0, rows, 8):
        r0, r1, r2, r3 = right[n], right[n + 1], right[n + 2], right[n + 3]
        r4, r5, r6, r7 = right[n + 4], right[n + 5], right[n + 6], right[n + 7]
        for i in range(0, width, 2):
            a0, a1, a2, a3 = left[n, i], left[n + 1, i], left[n + 2, i], left[n + 3, i]
            a4, a5, a6, a7 = left[n + 4, i], left[n + 5, i], left[n + 6, i], left[n + 7, i]
            b0, b1, b2, b3 = left[n, i + 1], left[n + 1, i + 1], left[n + 2, i + 1], left[n + 3, i + 1]
            b4, b5, b6, b7 = left[n + 4, i + 1], left[n + 5, i + 1], left[n + 6, i + 1], left[n + 7, i + 1]
            one, two = total[i], total[i + 1]
            for j in range(one.size):
                x0, x1, x2, x3 = r0[j], r1[j], r2[j], r3[j]
                x4, x5, x6, x7 = r4[j], r5[j], r6[j], r7[j]
                one[j] += a0 * x0 + a1 * x1 + a2 * x2 + a3 * x3 + a4 * x4 + a5 * x5 + a6 * x6 + a7 * x7
                two[j] += b0 * x0 + b1 * x1 + b2 * x2 + b3 * x3 + b4 * x4 + b5 * x5 + b6 * x6 + b7 * x7
