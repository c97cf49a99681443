import type { Judgement } from '../library/outputs.ts'
import { percent } from '../state/follow-run.ts'
import type { Review } from '../state/run.ts'
import { urlOf } from './object-url.ts'

/** A validation picture with what the network takes it for. */
export function JudgedPicture({
  review,
  judgement,
}: {
  readonly review: Review
  readonly judgement: Judgement
}) {
  const { index, label, predicted, probability } = judgement
  const picture = review.pictures[index]!
  const url = urlOf(picture.thumbnail)
  const isRight = label === predicted
  const [taken, truth] = [review.classes[predicted]!, review.classes[label]!]
  return (
    <li class="judged" data-right={isRight}>
      <img src={url} alt={`${picture.name}, one of ${truth}`} width="84" height="84" />
      <span class="verdict">
        <span aria-hidden="true">{isRight ? '✓' : '✗'}</span> {taken} {percent(probability)}
      </span>
      {!isRight && <span class="truth">it is {truth}</span>}
    </li>
  )
}
