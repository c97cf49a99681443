import type { Review } from '../state/run.ts'
import { JudgedPicture } from './judged-picture.tsx'

const most = 12

/** The validation pictures that it is most wrong about: often it is the picture that is in the wrong folder. */
export function Mistakes({ review }: { readonly review: Review }) {
  const worst = review.judgements
    .filter(({ label, predicted }) => label !== predicted)
    .sort((a, b) => b.loss - a.loss)
  return (
    <div class="block">
      <h3>Worst mistakes</h3>
      {worst.length === 0 ? (
        <p class="hint">None: all {review.judgements.length} validation pictures are right.</p>
      ) : (
        <ul class="judged-grid" id="mistakes">
          {worst.slice(0, most).map((judgement) => (
            <JudgedPicture key={judgement.index} review={review} judgement={judgement} />
          ))}
        </ul>
      )}
    </div>
  )
}
