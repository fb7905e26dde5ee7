/** The edits of existing files that the shipping worker needs. */
import { FOLDER } from './shipping-worker.js';

/** Replaces `found`, which must be there. */
function replaced(text: string, found: string | RegExp, by: string | ((match: string) => string)): string {
  const next = text.replace(found, by as string);
  if (next === text) throw new Error(`${String(found)} is not in the file`);
  return next;
}

const copyOfWorker = (text: string): string =>
  text
    .replaceAll('notification-worker', 'shipping-worker')
    .replaceAll('NOTIFICATION_WORKER', 'SHIPPING_WORKER')
    .replaceAll('3020-3029', '3050-3059');

/** Appends a copy of what is found, for the new worker. */
const doubled = (text: string, found: RegExp): string => replaced(text, found, (one) => `${one}${copyOfWorker(one)}`);

const rule = `!Sub arn:\${AWS::Partition}:events:\${AWS::Region}:\${AWS::AccountId}:rule/\${Bus}/\${Stage}-orders-to-ship`;

const queue = `
  ShippingQueue:
    Type: AWS::SQS::Queue
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      QueueName: !Sub \${Stage}-shipping-queue
      SqsManagedSseEnabled: !If [HasKmsKey, false, true]
      KmsMasterKeyId: !If [HasKmsKey, !Ref KmsKeyArn, !Ref AWS::NoValue]
      MessageRetentionPeriod: 345600
      VisibilityTimeout: !Ref VisibilityTimeoutSeconds
      RedrivePolicy:
        deadLetterTargetArn: !GetAtt ShippingDeadLetterQueue.Arn
        maxReceiveCount: !Ref MaxReceiveCount

  ShippingDeadLetterQueue:
    Type: AWS::SQS::Queue
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      QueueName: !Sub \${Stage}-shipping-queue-dlq
      SqsManagedSseEnabled: !If [HasKmsKey, false, true]
      KmsMasterKeyId: !If [HasKmsKey, !Ref KmsKeyArn, !Ref AWS::NoValue]
      MessageRetentionPeriod: 1209600
      RedriveAllowPolicy:
        redrivePermission: byQueue
        sourceQueueArns:
          - !Sub arn:\${AWS::Partition}:sqs:\${AWS::Region}:\${AWS::AccountId}:\${Stage}-shipping-queue

  ShippingQueuePolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref ShippingQueue]
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Sid: RulesOfTheBus
            Effect: Allow
            Principal: { Service: events.amazonaws.com }
            Action: sqs:SendMessage
            Resource: !GetAtt ShippingQueue.Arn
            Condition:
              ArnEquals:
                aws:SourceArn:
                  - ${rule}
          - Sid: TlsOnly
            Effect: Deny
            Principal: '*'
            Action: sqs:*
            Resource: !GetAtt ShippingQueue.Arn
            Condition: { Bool: { aws:SecureTransport: 'false' } }

  ShippingDeadLetterQueuePolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref ShippingDeadLetterQueue]
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Sid: TlsOnly
            Effect: Deny
            Principal: '*'
            Action: sqs:*
            Resource: !GetAtt ShippingDeadLetterQueue.Arn
            Condition: { Bool: { aws:SecureTransport: 'false' } }

  OrdersToShipRule:
    Type: AWS::Events::Rule
    DependsOn: [ShippingQueuePolicy, UndeliveredQueuePolicy]
    Properties:
      Name: !Sub \${Stage}-orders-to-ship
      Description: Completed orders go to the shipping worker.
      EventBusName: !Ref Bus
      EventPattern:
        source: [{ prefix: orderflow. }]
        detail-type: [OrderCompleted]
      Targets:
        - Id: shipping-queue
          Arn: !GetAtt ShippingQueue.Arn
          DeadLetterConfig: { Arn: !GetAtt UndeliveredQueue.Arn }
`;

const policy = `
  ShippingWorkerPolicy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      ManagedPolicyName: !Sub \${Stage}-shipping-worker-\${AWS::Region}
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Sid: Orders
            Effect: Allow
            Action: [dynamodb:GetItem, dynamodb:BatchGetItem]
            Resource: !GetAtt OrdersTable.Arn
          - Sid: Shipments
            Effect: Allow
            Action: events:PutEvents
            Resource: !GetAtt Bus.Arn
            Condition:
              StringEquals: { events:source: orderflow.shipping-worker, events:detail-type: OrderShipped }
          - Sid: Bus
            Effect: Allow
            Action: events:DescribeEventBus
            Resource: !GetAtt Bus.Arn
          - Sid: Rules
            Effect: Allow
            Action: [events:DescribeRule, events:ListTargetsByRule]
            Resource: ${rule}
          - Sid: Queue
            Effect: Allow
            Action:
              - sqs:ReceiveMessage
              - sqs:DeleteMessage
              - sqs:ChangeMessageVisibility
              - sqs:GetQueueUrl
              - sqs:GetQueueAttributes
            Resource: !GetAtt ShippingQueue.Arn
          - Sid: DeadLetters
            Effect: Allow
            Action: [sqs:SendMessage, sqs:GetQueueUrl, sqs:GetQueueAttributes]
            Resource: !GetAtt ShippingDeadLetterQueue.Arn
          - !If
            - HasKmsKey
            - Sid: Encryption
              Effect: Allow
              Action: [kms:Decrypt, kms:GenerateDataKey]
              Resource: !Ref KmsKeyArn
              Condition:
                StringEquals:
                  kms:ViaService:
                    - !Sub dynamodb.\${AWS::Region}.amazonaws.com
                    - !Sub sqs.\${AWS::Region}.amazonaws.com
            - !Ref AWS::NoValue
`;

const eventClass = `
export class OrderShippedData {
  @IsId()
  orderId!: string;

  @IsISO8601()
  shippedAt!: string;
}

/** A completed order was handed to the carrier. */
export class OrderShippedEvent {
  static readonly type = 'OrderShipped';
  static readonly version = 1;
  static readonly source = 'orderflow.shipping-worker';

  @IsDefined()
  @ValidateNested()
  @Type(() => EventMetadata)
  metadata!: EventMetadata;

  @IsDefined()
  @ValidateNested()
  @Type(() => OrderShippedData)
  data!: OrderShippedData;
}
`;

/** From the old content to the new one, by path. */
export const EDITS: Record<string, (text: string) => string> = {
  'contracts/src/events/order-events.ts': (text) => `${text}${eventClass}`,
  'contracts/src/index.ts': (text) =>
    replaced(text, '  OrderFailedData,\n', '  OrderFailedData,\n  OrderShippedData,\n  OrderShippedEvent,\n'),
  'contracts/src/topology.js': (text) => {
    const service = `  'shipping-worker': { port: 3050, portVariable: 'SHIPPING_WORKER_PORT', publishes: 'what it shipped' },\n`;
    const entry = `  shipments: {
    name: 'shipping-queue',
    worker: 'shipping-worker',
    rules: { 'orders-to-ship': ['OrderCompleted'] },
    operation: 'shipOrders',
    does: 'ships completed orders',
  },
`;
    const withService = replaced(text, / {2}'notification-worker': .+\n/, (line) => line + service);
    return replaced(withService, /\}\);\n$/, `${entry}});\n`);
  },
  'infrastructure/template.yaml': (text) => {
    const allowed = replaced(text, /^ {2}UndeliveredQueuePolicy:\n(?: {4}.+\n)+/m, (found) =>
      replaced(found, /^( +)- !Sub .+-order-outcomes\n/m, (line) => line + line.replace(/!Sub .+/, rule)),
    );
    // In the policies of the API and of operators, each listed queue has the new one after it.
    const output = `  ShippingWorkerPolicyArn:\n    Value: !Ref ShippingWorkerPolicy\n`;
    const listed = replaced(allowed, /^ +- !GetAtt Notification(?:DeadLetter)?Queue\.Arn\n/gm, (line) => {
      return line + line.replace('Notification', 'Shipping');
    });
    const replayed = replaced(listed, 'NotificationQueue.Arn]', 'NotificationQueue.Arn, !GetAtt ShippingQueue.Arn]');
    const described = replaced(replayed, /^ {2}OperatorPolicy:\n(?: {4}.+\n)+/m, (found) =>
      replaced(found, /^( +)- !Sub .+-order-outcomes\n/m, (line) => line + line.replace(/!Sub .+/, rule)),
    );
    const watched = doubled(described, /^ +- !Sub arn:.+:ecs:.+\/notification-worker\n/m);
    return `${replaced(watched, /\nOutputs:\n/, (outputs) => `${queue}${policy}${outputs}`)}${output}`;
  },
  'services/tsconfig.json': (text) =>
    replaced(
      text,
      '{ "path": "notification-worker" }',
      '{ "path": "notification-worker" }, { "path": "shipping-worker" }',
    ),
  // Written by npm install.
  'package-lock.json': (text) => {
    const lock = JSON.parse(text) as { packages: Record<string, object> };
    lock.packages[FOLDER] = { name: '@orderflow/shipping-worker', version: '0.1.0', license: 'MIT' };
    lock.packages['node_modules/@orderflow/shipping-worker'] = { resolved: FOLDER, link: true };
    return JSON.stringify(lock, null, 2);
  },
  'compose.yaml': (text) => {
    const withUrl = replaced(text, /,notification-worker=http:\/\/[^,\n]+/, (url) => url + copyOfWorker(url));
    return doubled(withUrl, /^ {2}notification-worker:\n(?: {4}.+\n)+\n/m);
  },
  'compose.test.yaml': (text) => doubled(text, /^ {2}notification-worker:\n(?: {4}.+\n)+\n/m),
  '.env.example': (text) => doubled(text, /^NOTIFICATION_WORKER_PORT=.+\n/m),
  'observability/prometheus/prometheus.yml': (text) => doubled(text, /^ {2}- job_name: notification-worker\n.+\n/m),
  'observability/prometheus/alerts.yml': (text) => doubled(text, /^ +or absent\(up\{job="notification-worker"\}\)\n/m),
};
