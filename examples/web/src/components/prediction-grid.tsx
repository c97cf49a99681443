import { useMemo } from 'preact/hooks'

import { shuffled } from '../library/shuffled.ts'
import type { Review } from '../state/run.ts'
import { JudgedPicture } from './judged-picture.tsx'

const count = 12

/** A dozen validation pictures, the same ones in every epoch. */
export function PredictionGrid({ review }: { readonly review: Review }) {
  const chosen = useMemo(
    () =>
      shuffled(
        review.pictures.map((_, index) => index),
        1,
      ).slice(0, count),
    [review.pictures],
  )
  return (
    <div class="block">
      <h3>
        What it sees after epoch {review.epoch + 1}
        {review.isBest && ', the best so far'}
      </h3>
      <ul class="judged-grid" id="predictions">
        {chosen.map((index) => (
          <JudgedPicture key={index} review={review} judgement={review.judgements[index]!} />
        ))}
      </ul>
    </div>
  )
}
