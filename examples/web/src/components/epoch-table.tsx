import { percent } from '../state/follow-run.ts'
import { epochRows } from '../state/run.ts'

/** The numbers of every epoch: what the curves show, for those who can't see them too. */
export function EpochTable() {
  return (
    <details class="numbers">
      <summary>Numbers of every epoch</summary>
      <div class="scroll" role="region" aria-label="Numbers of every epoch" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Epoch</th>
              <th scope="col">Loss</th>
              <th scope="col">Right</th>
              <th scope="col">Val. loss</th>
              <th scope="col">Val. right</th>
              <th scope="col">Seconds</th>
            </tr>
          </thead>
          <tbody>
            {epochRows.value.map(
              ({ epoch, trainLoss, trainAccuracy, valLoss, valAccuracy, isBest, seconds }) => (
                <tr key={epoch} data-best={isBest}>
                  <th scope="row">{epoch + 1}</th>
                  <td>{trainLoss.toFixed(3)}</td>
                  <td>{percent(trainAccuracy)}</td>
                  <td>{valLoss.toFixed(3)}</td>
                  <td>
                    {percent(valAccuracy)}
                    {isBest && <span class="visually-hidden"> (best so far)</span>}
                  </td>
                  <td>{seconds.toFixed(1)}</td>
                </tr>
              ),
            )}
          </tbody>
        </table>
      </div>
    </details>
  )
}
